#include "sim/memory/caching_allocator.h"

#include "runtime/config/check.h"

namespace titan::memory {
namespace {

constexpr uint64_t kExbibyte = uint64_t{1} << 60;

}  // namespace

CachingAllocator::CachingAllocator(const AllocatorOptions& options, EventSource& events)
    : heap_((check_options(options), options)), segments_(make_segments(heap_)), pending_(heap_, events) {
  if (options.memory_fraction) {
    allowed_bytes_ = static_cast<uint64_t>(*options.memory_fraction * static_cast<double>(options.capacity_bytes));
  }
}

BlockId CachingAllocator::malloc(uint64_t bytes, StreamId stream) {
  if (bytes == 0) return kNoBlock;
  config::check(bytes < kExbibyte, "malloc: bytes must be below 1 EiB: bytes=", bytes);
  config::check(stream < kMaxStreams, "malloc: stream must be below ", kMaxStreams, ": stream=", stream);
  if (!pending_.empty()) pending_.poll([this](BlockId id) { release(id); });
  const uint64_t size = round_request(heap_.options, bytes);
  const Request request = {.size = size, .requested_bytes = bytes, .stream = stream, .small = is_small(size)};
  BlockId id = take_cached(request);
  if (id == kNoBlock) id = take_new(request);
  return hand_out(id, request);
}

BlockId CachingAllocator::take_cached(const Request& request) {
  Pool& pool = heap_.pool(request.small);
  if (heap_.options.garbage_collection_threshold > 0.0) ++pool.num_searches;
  FreeList& cached = pool.of(request.stream).cached;
  const FreeList::Cursor fit = segments_->best_fit(cached, request.size);
  if (cached.at_end(fit)) return kNoBlock;
  const BlockId id = cached[fit].block;
  cached.erase(fit);
  return id;
}

BlockId CachingAllocator::take_new(const Request& request) {
  if (heap_.options.garbage_collection_threshold > 0.0) segments_->collect_garbage();
  BlockId id = grow(request);
  if (id == kNoBlock && segments_->release_oversize(request)) id = grow(request);
  if (id != kNoBlock) return id;
  release_cached();
  ++heap_.stats.num_alloc_retries;
  id = grow(request);
  if (id != kNoBlock) return id;
  ++heap_.stats.num_ooms;
  throw OutOfMemoryError(out_of_memory(request));
}

BlockId CachingAllocator::grow(const Request& request) {
  const uint64_t bytes = segment_bytes(heap_.options, request.size);
  const bool allowed = heap_.device.held_bytes() + bytes <= allowed_bytes_;
  return allowed ? segments_->grow(request) : kNoBlock;
}

// The cut-off front part is the new block; the rest keeps its identity and goes back to its free list.
BlockId CachingAllocator::hand_out(BlockId id, const Request& request) {
  const bool was_split = heap_.blocks[id].is_split();
  if (segments_->splits(heap_.blocks[id], request.size)) {
    Block front = heap_.blocks[id];
    front.size = request.size;
    const BlockId rest = id;
    id = heap_.blocks.create_before(rest, front);
    heap_.blocks[rest].address += request.size;
    heap_.blocks[rest].size -= request.size;
    heap_.cache(rest);
    count_split(heap_.blocks[id], &heap_.blocks[rest], was_split);
  } else {
    count_split(heap_.blocks[id], nullptr, was_split);
  }
  Block& block = heap_.blocks[id];
  block.allocated = true;
  block.requested_bytes = request.requested_bytes;
  for (PoolStats* stats : {&heap_.stats.all, &heap_.stats.pool(block.small)}) {
    stats->allocation.increase(1);
    stats->allocated_bytes.increase(block.size);
    stats->active.increase(1);
    stats->active_bytes.increase(block.size);
    stats->requested_bytes.increase(block.requested_bytes);
  }
  if (block.size >= heap_.options.max_split_bytes) heap_.stats.oversize_allocations.increase(1);
  return id;
}

// inactive_split is about native segments only: an expandable segment gives back every whole page.
void CachingAllocator::count_split(const Block& block, const Block* rest, bool was_split) {
  if (block.is_expandable() || (rest == nullptr && !was_split)) return;
  for (PoolStats* stats : {&heap_.stats.all, &heap_.stats.pool(block.small)}) {
    if (was_split) {
      stats->inactive_split_bytes.decrease(block.size);
      if (rest == nullptr) stats->inactive_split.decrease(1);
    } else {
      stats->inactive_split_bytes.increase(rest->size);
      stats->inactive_split.increase(1);
    }
  }
}

void CachingAllocator::free(BlockId id) {
  if (id == kNoBlock) return;
  config::check(heap_.blocks.contains(id) && heap_.blocks[id].allocated,
                "free: the block must be allocated: block=", id);
  Block& block = heap_.blocks[id];
  block.allocated = false;
  for (PoolStats* stats : {&heap_.stats.all, &heap_.stats.pool(block.small)}) {
    stats->allocation.decrease(1);
    stats->allocated_bytes.decrease(block.size);
  }
  if (block.size >= heap_.options.max_split_bytes) heap_.stats.oversize_allocations.decrease(1);
  if (block.stream_uses != 0) {
    pending_.add(id);
  } else {
    release(id);
  }
}

void CachingAllocator::release(BlockId id) {
  Block& block = heap_.blocks[id];
  const uint64_t size = block.size;
  int64_t split_change = 0;
  int64_t split_bytes_change = 0;
  for (const BlockId neighbour : {block.prev, block.next}) {
    const uint64_t gained = heap_.merge(id, neighbour);
    split_change -= gained > 0;
    split_bytes_change -= static_cast<int64_t>(gained);
  }
  heap_.cache(id);
  if (block.is_split()) {
    split_change += 1;
    split_bytes_change += static_cast<int64_t>(block.size);
  }
  const auto change = [](Stat& stat, int64_t by) {
    if (by > 0) stat.increase(static_cast<uint64_t>(by));
    if (by < 0) stat.decrease(static_cast<uint64_t>(-by));
  };
  for (PoolStats* stats : {&heap_.stats.all, &heap_.stats.pool(block.small)}) {
    if (!block.is_expandable()) {
      change(stats->inactive_split, split_change);
      change(stats->inactive_split_bytes, split_bytes_change);
    }
    stats->active.decrease(1);
    stats->active_bytes.decrease(size);
    stats->requested_bytes.decrease(block.requested_bytes);
  }
}

void CachingAllocator::record_stream(BlockId id, StreamId stream) {
  if (id == kNoBlock) return;
  config::check(heap_.blocks.contains(id) && heap_.blocks[id].allocated,
                "record_stream: the block must be allocated: block=", id);
  config::check(stream < kMaxStreams, "record_stream: stream must be below ", kMaxStreams, ": stream=", stream);
  if (stream != heap_.blocks[id].stream) heap_.blocks[id].stream_uses |= uint64_t{1} << stream;
}

void CachingAllocator::release_cached() {
  ++heap_.stats.num_sync_all_streams;
  pending_.synchronize([this](BlockId id) { release(id); });
  segments_->release_cached(heap_.pool(false));
  segments_->release_cached(heap_.pool(true));
}

void CachingAllocator::empty_cache() { release_cached(); }

OutOfMemory CachingAllocator::out_of_memory(const Request& request) const {
  const DeviceMemory& device = heap_.device;
  return {.device_index = heap_.options.device_index,
          .tried_bytes = segment_bytes(heap_.options, request.size),
          .capacity_bytes = device.capacity_bytes(),
          .free_bytes = device.free_bytes(),
          .process_bytes = device.held_bytes() + device.other_bytes(),
          .allowed_bytes = heap_.options.memory_fraction ? std::optional(allowed_bytes_) : std::nullopt,
          .allocated_bytes = static_cast<uint64_t>(heap_.stats.all.allocated_bytes.current),
          .reserved_bytes = static_cast<uint64_t>(heap_.stats.all.reserved_bytes.current)};
}

}  // namespace titan::memory
