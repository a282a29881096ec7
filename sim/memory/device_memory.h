#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/memory/rounding.h"

namespace titan::memory {

/// What cudaMalloc and the driver's mapping calls know: how much is left, and which addresses were never given out.
class DeviceMemory {
 public:
  DeviceMemory(uint64_t capacity_bytes, uint64_t other_bytes)
      : capacity_bytes_(capacity_bytes), other_bytes_(other_bytes) {}

  uint64_t capacity_bytes() const { return capacity_bytes_; }
  uint64_t held_bytes() const { return held_bytes_; }
  uint64_t other_bytes() const { return other_bytes_; }
  void set_other_bytes(uint64_t bytes) { other_bytes_ = bytes; }

  uint64_t free_bytes() const { return capacity_bytes_ - std::min(capacity_bytes_, held_bytes_ + other_bytes_); }

  /// Whether `bytes` were free, and are the allocator's now.
  bool take(uint64_t bytes) {
    if (bytes > free_bytes()) return false;
    held_bytes_ += bytes;
    return true;
  }
  void give_back(uint64_t bytes) { held_bytes_ -= bytes; }

  /// Addresses that were never used before: a later segment lies above an earlier one.
  uint64_t reserve_addresses(uint64_t bytes) {
    const uint64_t address = next_address_;
    next_address_ += round_up(bytes, kWholeSegmentRounding);
    return address;
  }

 private:
  uint64_t capacity_bytes_;
  uint64_t other_bytes_;
  uint64_t held_bytes_ = 0;
  uint64_t next_address_ = 0;
};

}  // namespace titan::memory
