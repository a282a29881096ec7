#pragma once

#include <cstdint>

namespace titan::platform {

/// Bytes on this rank's device. Peaks cover the time since the previous call of Platform::memory_stats.
struct MemoryStats {
  int64_t allocated_bytes = 0;
  int64_t peak_allocated_bytes = 0;
  int64_t reserved_bytes = 0;
  int64_t peak_reserved_bytes = 0;
  int64_t capacity_bytes = 0;
  int64_t num_alloc_retries = 0;
  int64_t num_ooms = 0;
};

}  // namespace titan::platform
