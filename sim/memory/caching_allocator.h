#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/memory/allocator_options.h"
#include "sim/memory/allocator_stats.h"
#include "sim/memory/event_source.h"
#include "sim/memory/heap.h"
#include "sim/memory/out_of_memory.h"
#include "sim/memory/pending_frees.h"
#include "sim/memory/segments.h"
#include "sim/memory/snapshot.h"

namespace titan::memory {

/// The CUDA caching allocator of PyTorch 2.11 for one device, without the device: the same calls give the same blocks,
/// statistics and out-of-memory errors as c10::cuda::CUDACachingAllocator over a cudaMalloc that never uses an address
/// twice (law 5). CUDA graphs' and users' private pools, sharing between processes and PYTORCH_NO_CUDA_MEMORY_CACHING
/// do not exist here. Not thread-safe.
class CachingAllocator {
 public:
  /// `events` must outlive the allocator. Throws ContractError if an option is out of range.
  CachingAllocator(const AllocatorOptions& options, EventSource& events);
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  /// A block of at least `bytes`, to be used on `stream`; kNoBlock for 0 bytes. Throws OutOfMemoryError.
  BlockId malloc(uint64_t bytes, StreamId stream);

  /// Ends the use of a block; kNoBlock is ignored. The block can be used again at once on its stream, or after
  /// record_stream when the events recorded now are complete.
  void free(BlockId id);

  /// Says that work queued on `stream` uses the allocated block, as Tensor.record_stream.
  void record_stream(BlockId id, StreamId stream);

  /// Waits for all events, then releases what is cached and not split.
  void empty_cache();

  /// Bytes of the device that are held outside of the allocator from now on.
  void set_other_bytes(uint64_t bytes) { heap_.device.set_other_bytes(bytes); }

  /// Offset of an allocated block in an address space that begins at 0; segments are in the order of their creation.
  uint64_t address(BlockId id) const { return heap_.blocks[id].address; }
  uint64_t size(BlockId id) const { return heap_.blocks[id].size; }

  const AllocatorOptions& options() const { return heap_.options; }
  const DeviceMemory& device() const { return heap_.device; }
  const AllocatorStats& stats() const { return heap_.stats; }
  void reset_peak_stats() { reset_peaks(heap_.stats); }
  void reset_accumulated_stats() { reset_accumulated(heap_.stats); }
  std::vector<SegmentInfo> snapshot() const { return take_snapshot(heap_); }

 private:
  BlockId take_cached(const Request& request);
  BlockId take_new(const Request& request);
  BlockId grow(const Request& request);
  BlockId hand_out(BlockId id, const Request& request);
  void count_split(const Block& block, const Block* rest, bool was_split);
  void release(BlockId id);
  void release_cached();
  OutOfMemory out_of_memory(const Request& request) const;

  Heap heap_;
  std::unique_ptr<Segments> segments_;
  PendingFrees pending_;
  uint64_t allowed_bytes_ = kNoLimit;
};

}  // namespace titan::memory
