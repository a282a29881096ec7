#include "sim/memory/native_segments.h"

#include <algorithm>

namespace titan::memory {

FreeList::Cursor NativeSegments::best_fit(const FreeList& cached, uint64_t size) const {
  const FreeList::Cursor fit = cached.lower_bound(size);
  if (cached.at_end(fit) || !is_oversize(cached[fit].size)) return fit;
  const AllocatorOptions& options = heap_.options;
  const uint64_t rounding = options.max_non_split_rounding_bytes.value_or(options.large_segment_bytes);
  return is_oversize(size) && cached[fit].size - size < rounding ? fit : cached.end();
}

bool NativeSegments::splits(const Block& block, uint64_t size) const {
  const uint64_t remaining = block.size - size;
  return block.small ? remaining >= kMinBlockBytes : !is_oversize(size) && remaining > kMaxSmallBytes;
}

BlockId NativeSegments::grow(const Request& request) {
  const uint64_t bytes = segment_bytes(heap_.options, request.size);
  if (!heap_.device.take(bytes)) return kNoBlock;
  heap_.reserve(request.small, bytes);
  heap_.stats.all.segment.increase(1);
  heap_.stats.pool(request.small).segment.increase(1);
  if (is_oversize(bytes)) heap_.stats.oversize_segments.increase(1);
  Block block;
  block.address = heap_.device.reserve_addresses(bytes);
  block.size = bytes;
  block.stream = static_cast<uint8_t>(request.stream);
  block.small = request.small;
  return heap_.blocks.create(block);
}

void NativeSegments::release(BlockId id) {
  heap_.uncache(id);
  const Block& block = heap_.blocks[id];
  heap_.unreserve(block.small, block.size);
  heap_.stats.all.segment.decrease(1);
  heap_.stats.pool(block.small).segment.decrease(1);
  if (is_oversize(block.size)) heap_.stats.oversize_segments.decrease(1);
  heap_.blocks.erase(id);
}

std::vector<BlockId> NativeSegments::whole_cached_segments(const Pool& pool) const {
  std::vector<BlockId> whole;
  for (const StreamBlocks& stream : pool.streams) {
    for (auto at = stream.cached.begin(); !stream.cached.at_end(at); at = stream.cached.after(at)) {
      const BlockId id = stream.cached[at].block;
      if (!heap_.blocks[id].is_split()) whole.push_back(id);
    }
  }
  return whole;
}

void NativeSegments::release_cached(Pool& pool) {
  for (const BlockId id : whole_cached_segments(pool)) release(id);
}

// Rounds: each releases the blocks of at least the mean age of those left, until enough is released or a round finds
// none.
void NativeSegments::collect_garbage() {
  const AllocatorOptions& options = heap_.options;
  const auto allowed = static_cast<uint64_t>(*options.memory_fraction * static_cast<double>(options.capacity_bytes));
  const auto threshold = static_cast<uint64_t>(options.garbage_collection_threshold * static_cast<double>(allowed));
  if (heap_.device.held_bytes() <= threshold) return;
  const Pool& pool = heap_.pool(false);
  std::vector<BlockId> candidates = whole_cached_segments(pool);
  const auto age = [&](BlockId id) { return pool.num_searches - heap_.blocks[id].searches_before; };
  int64_t total_age = 0;
  for (const BlockId id : candidates) total_age += age(id);
  bool found = true;
  while (heap_.device.held_bytes() > threshold && found && !candidates.empty()) {
    const double mean_age = static_cast<double>(total_age) / static_cast<double>(candidates.size());
    const auto old = std::stable_partition(candidates.begin(), candidates.end(),
                                           [&](BlockId id) { return static_cast<double>(age(id)) < mean_age; });
    found = old != candidates.end();
    for (auto at = old; at != candidates.end(); ++at) {
      total_age -= age(*at);
      release(*at);
    }
    candidates.erase(old, candidates.end());
  }
}

// What best_fit refused and is large enough is oversize.
bool NativeSegments::release_oversize(const Request& request) {
  const uint64_t max_split = heap_.options.max_split_bytes;
  if (max_split == kNoLimit) return false;
  const FreeList& cached = heap_.pool(request.small).of(request.stream).cached;
  if (const FreeList::Cursor fit = cached.lower_bound(request.size); !cached.at_end(fit)) {
    release(cached[fit].block);
    return true;
  }
  uint64_t released = 0;  // no block is large enough: several, the largest first
  while (released < request.size) {
    const FreeList::Cursor largest = cached.last_from(max_split);
    if (cached.at_end(largest)) return false;
    released += cached[largest].size;
    release(cached[largest].block);
  }
  return true;
}

}  // namespace titan::memory
