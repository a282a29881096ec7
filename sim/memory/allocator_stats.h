#pragma once

#include <algorithm>
#include <cstdint>

namespace titan::memory {

/// One number over time, as c10::CachingAllocator::Stat.
struct Stat {
  int64_t current = 0;
  int64_t peak = 0;
  int64_t allocated = 0;  // sum of all increases
  int64_t freed = 0;      // sum of all decreases

  void increase(uint64_t amount) {
    current += static_cast<int64_t>(amount);
    peak = std::max(peak, current);
    allocated += static_cast<int64_t>(amount);
  }
  void decrease(uint64_t amount) {
    current -= static_cast<int64_t>(amount);
    freed += static_cast<int64_t>(amount);
  }
  bool operator==(const Stat&) const = default;
};

/// The keys of torch.cuda.memory_stats that exist per pool.
struct PoolStats {
  Stat allocation;      // blocks from malloc to free
  Stat segment;         // native segments
  Stat active;          // blocks from malloc until they can be used again: free, and all events passed
  Stat inactive_split;  // cached blocks that share a native segment with others
  Stat allocated_bytes;
  Stat reserved_bytes;  // what the allocator holds of the device
  Stat active_bytes;
  Stat inactive_split_bytes;
  Stat requested_bytes;  // of active blocks, before rounding

  bool operator==(const PoolStats&) const = default;
};

/// torch.cuda.memory_stats.
struct AllocatorStats {
  PoolStats all;
  PoolStats small_pool;
  PoolStats large_pool;
  Stat oversize_allocations;  // of at least max_split_bytes
  Stat oversize_segments;
  int64_t num_alloc_retries = 0;  // the device refused, all cached blocks were released
  int64_t num_ooms = 0;
  int64_t num_sync_all_streams = 0;
  int64_t num_device_alloc = 0;  // cudaMalloc and mappings
  int64_t num_device_free = 0;

  bool operator==(const AllocatorStats&) const = default;
  PoolStats& pool(bool small) { return small ? small_pool : large_pool; }
};

/// Sets every peak to the current value.
void reset_peaks(AllocatorStats& stats);

/// Sets the sums of increases and decreases and the counts of events to zero.
void reset_accumulated(AllocatorStats& stats);

}  // namespace titan::memory
