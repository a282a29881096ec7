#include "sim/memory/expandable_segments.h"

#include <algorithm>

namespace titan::memory {

// A block that ends where unmapped space begins counts with that space: other blocks of about the same size go first.
FreeList::Cursor ExpandableSegments::best_fit(const FreeList& cached, uint64_t size) const {
  const auto size_grown = [&](FreeList::Cursor at) {
    const Block& block = heap_.blocks[cached[at].block];
    const bool can_grow = block.next != kNoBlock && !heap_.blocks[block.next].mapped;
    return block.size + (can_grow ? heap_.blocks[block.next].size : 0);
  };
  FreeList::Cursor fit = cached.lower_bound(size);
  if (cached.at_end(fit)) return fit;
  for (auto next = cached.after(fit); !cached.at_end(next) && size_grown(next) < size_grown(fit);) {
    fit = next;
    next = cached.after(next);
  }
  return fit;
}

bool ExpandableSegments::splits(const Block& block, uint64_t size) const { return block.size - size >= kMinBlockBytes; }

bool ExpandableSegments::has_space(BlockId id, uint64_t size) const {
  uint64_t bytes = 0;
  for (; bytes < size && id != kNoBlock && heap_.blocks[id].is_idle(); id = heap_.blocks[id].next) {
    bytes += heap_.blocks[id].size;
  }
  return bytes >= size;
}

BlockId ExpandableSegments::find_space(const Request& request) {
  for (BlockId id : heap_.pool(request.small).of(request.stream).unmapped) {
    const BlockId prev = heap_.blocks[id].prev;
    if (prev != kNoBlock && heap_.blocks[prev].is_idle()) id = prev;
    if (has_space(id, request.size)) return id;
  }
  return reserve_segment(request);
}

// PyTorch reserves 9/8 of the device, so that a full segment can still move pages to its end.
BlockId ExpandableSegments::reserve_segment(const Request& request) {
  const uint64_t capacity = heap_.options.capacity_bytes;
  Block block;
  block.size = round_up(capacity + capacity / 8, page_bytes(heap_.options, request.small));
  block.address = heap_.device.reserve_addresses(block.size);
  block.stream = static_cast<uint8_t>(request.stream);
  block.small = request.small;
  block.mapped = false;
  if (unused_segments_.empty()) {
    unused_segments_.push_back(static_cast<uint32_t>(segment_addresses_.size()));
    segment_addresses_.push_back(0);
  }
  block.expandable_segment = unused_segments_.back();
  unused_segments_.pop_back();
  segment_addresses_[block.expandable_segment] = block.address;
  const BlockId id = heap_.blocks.create(block);
  heap_.add_unmapped(id);
  return id;
}

bool ExpandableSegments::map(BlockId id, uint64_t size) {
  const bool small = heap_.blocks[id].small;
  const uint64_t bytes = round_up(size, page_bytes(heap_.options, small));
  if (!heap_.device.take(bytes)) return false;
  heap_.remove_unmapped(id);
  if (bytes < heap_.blocks[id].size) {
    Block rest = heap_.blocks[id];
    rest.address += bytes;
    rest.size -= bytes;
    const BlockId rest_id = heap_.blocks.create_after(id, rest);
    heap_.add_unmapped(rest_id);
  }
  Block& block = heap_.blocks[id];
  block.size = bytes;
  block.mapped = true;
  heap_.merge(id, block.prev);
  heap_.merge(id, block.next);
  heap_.cache(id);
  heap_.reserve(small, bytes);
  return true;
}

BlockId ExpandableSegments::grow(const Request& request) {
  const auto size_of = [&](BlockId block) { return heap_.blocks[block].size; };
  BlockId id = find_space(request);
  if (!heap_.blocks[id].mapped && !map(id, std::min(size_of(id), request.size))) return kNoBlock;
  while (size_of(id) < request.size) {
    const BlockId next = heap_.blocks[id].next;
    if (!map(next, std::min(size_of(next), request.size - size_of(id)))) return kNoBlock;
    id = next;
  }
  heap_.uncache(id);
  return id;
}

void ExpandableSegments::unmap(BlockId id) {
  const Block block = heap_.blocks[id];
  const uint64_t page = page_bytes(heap_.options, block.small);
  const uint64_t begin = base_of(block) + round_up(block.address - base_of(block), page);
  const uint64_t end = block.address + block.size - (block.address + block.size - base_of(block)) % page;
  if (begin >= end) return;
  heap_.uncache(id);
  Block rest = block;
  rest.requested_bytes = 0;
  if (begin > block.address) {
    rest.size = begin - block.address;
    const BlockId before = heap_.blocks.create_before(id, rest);
    heap_.cache(before);
  }
  if (end < block.address + block.size) {
    rest.address = end;
    rest.size = block.address + block.size - end;
    const BlockId after = heap_.blocks.create_after(id, rest);
    heap_.cache(after);
  }
  Block& unmapped = heap_.blocks[id];
  unmapped.address = begin;
  unmapped.size = end - begin;
  unmapped.mapped = false;
  heap_.merge(id, unmapped.prev);
  heap_.merge(id, unmapped.next);
  heap_.add_unmapped(id);
  heap_.unreserve(block.small, end - begin);
}

void ExpandableSegments::release_cached(Pool& pool) {
  std::vector<BlockId> cached;
  for (const StreamBlocks& stream : pool.streams) {
    for (auto at = stream.cached.begin(); !stream.cached.at_end(at); at = stream.cached.after(at)) {
      cached.push_back(stream.cached[at].block);
    }
  }
  for (const BlockId id : cached) {
    unmap(id);
    if (heap_.blocks[id].is_split()) continue;
    heap_.remove_unmapped(id);
    unused_segments_.push_back(heap_.blocks[id].expandable_segment);
    heap_.blocks.erase(id);
  }
}

}  // namespace titan::memory
