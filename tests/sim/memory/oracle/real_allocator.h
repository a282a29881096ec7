#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/memory/allocator_options.h"
#include "sim/memory/allocator_stats.h"
#include "sim/memory/block_table.h"
#include "sim/memory/snapshot.h"
#include "tests/sim/memory/oracle/counting_device.h"

namespace titan::memory {

/// PyTorch's c10::cuda::CUDACachingAllocator over the counting device. Each object begins with a fresh device; one
/// exists at a time, since PyTorch's settings are the process's.
class RealAllocator {
 public:
  static constexpr uint64_t kNone = ~uint64_t{0};

  explicit RealAllocator(const AllocatorOptions& options);
  ~RealAllocator();
  RealAllocator(const RealAllocator&) = delete;
  RealAllocator& operator=(const RealAllocator&) = delete;

  /// The block's address, counted from the first of this object, or kNone if PyTorch was out of memory (see error()).
  uint64_t malloc(uint64_t bytes, StreamId stream);
  void free(uint64_t address);
  void record_stream(uint64_t address, StreamId stream);
  void empty_cache();

  int device_index() const { return device_; }
  /// PyTorch's message of the last malloc that failed.
  const std::string& error() const { return error_; }
  AllocatorStats stats() const;
  void reset_peak_stats();
  void reset_accumulated_stats();
  std::vector<SegmentInfo> snapshot() const;

 private:
  int8_t device_;
  uint64_t first_address_;
  std::string error_;
};

}  // namespace titan::memory
