#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "sim/memory/allocator_options.h"

namespace titan::memory {

// Constants of PyTorch 2.11, c10/core/AllocatorConfig.h.
inline constexpr uint64_t kMinBlockBytes = 512;
inline constexpr uint64_t kMaxSmallBytes = 1 * kMiB;      // up to here a block comes from the small pool
inline constexpr uint64_t kSmallSegmentBytes = 2 * kMiB;  // which grows by segments (expandable: pages) of this size
inline constexpr uint64_t kMinWholeSegmentBytes = 10 * kMiB;  // from here a native segment serves one request
inline constexpr uint64_t kWholeSegmentRounding = 2 * kMiB;

constexpr uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

constexpr bool is_small(uint64_t size) { return size <= kMaxSmallBytes; }

/// How many steps per power of two a request of `bytes` >= 1 is rounded to.
inline uint64_t roundup_divisions(const AllocatorOptions& options, uint64_t bytes) {
  const int interval = static_cast<int>(std::bit_width(bytes)) - static_cast<int>(std::bit_width(kMiB));
  return options.roundup_power2_divisions[std::clamp<int>(interval, 0, kNumRoundupIntervals - 1)];
}

/// The size of the block that serves a request of `bytes` >= 1.
inline uint64_t round_request(const AllocatorOptions& options, uint64_t bytes) {
  if (bytes < kMinBlockBytes) return kMinBlockBytes;
  const uint64_t divisions = roundup_divisions(options, bytes);
  if (divisions <= 1 || bytes <= kMinBlockBytes * divisions) return round_up(bytes, kMinBlockBytes);
  return round_up(bytes, std::bit_floor(bytes) / divisions);
}

/// What a native segment made for a block of `size` bytes takes from the device; also what an out-of-memory message
/// says.
inline uint64_t segment_bytes(const AllocatorOptions& options, uint64_t size) {
  if (is_small(size)) return kSmallSegmentBytes;
  if (size < kMinWholeSegmentBytes) return options.large_segment_bytes;
  return round_up(size, kWholeSegmentRounding);
}

/// The mapping granularity of expandable segments.
inline uint64_t page_bytes(const AllocatorOptions& options, bool small) {
  return small ? kSmallSegmentBytes : options.large_segment_bytes;
}

}  // namespace titan::memory
