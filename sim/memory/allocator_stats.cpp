#include "sim/memory/allocator_stats.h"

namespace titan::memory {
namespace {

template <class Function>
void for_each_stat(AllocatorStats& stats, Function function) {
  for (PoolStats* pool : {&stats.all, &stats.small_pool, &stats.large_pool}) {
    for (Stat* stat :
         {&pool->allocation, &pool->segment, &pool->active, &pool->inactive_split, &pool->allocated_bytes,
          &pool->reserved_bytes, &pool->active_bytes, &pool->inactive_split_bytes, &pool->requested_bytes}) {
      function(*stat);
    }
  }
  function(stats.oversize_allocations);
  function(stats.oversize_segments);
}

}  // namespace

void reset_peaks(AllocatorStats& stats) {
  for_each_stat(stats, [](Stat& stat) { stat.peak = stat.current; });
}

void reset_accumulated(AllocatorStats& stats) {
  for_each_stat(stats, [](Stat& stat) { stat.allocated = stat.freed = 0; });
  stats.num_alloc_retries = stats.num_ooms = stats.num_sync_all_streams = 0;
  stats.num_device_alloc = stats.num_device_free = 0;
}

}  // namespace titan::memory
