#include "sim/memory/allocator_options.h"

#include <bit>

#include "runtime/config/check.h"
#include "sim/memory/free_list.h"
#include "sim/memory/rounding.h"

namespace titan::memory {

namespace {

void check_oversize(const AllocatorOptions& options) {
  using config::check;
  const uint64_t rounding = options.max_non_split_rounding_bytes.value_or(options.large_segment_bytes);
  check(options.max_split_bytes >= options.large_segment_bytes,
        "AllocatorOptions: max_split_bytes must be at least large_segment_bytes: max_split_bytes=",
        options.max_split_bytes, " large_segment_bytes=", options.large_segment_bytes);
  check(options.max_split_bytes == kNoLimit || !options.expandable_segments,
        "AllocatorOptions: max_split_bytes does not go with expandable_segments (PyTorch aborts when it retries): "
        "max_split_bytes=",
        options.max_split_bytes);
  check(
      options.max_split_bytes != kNoLimit || !options.max_non_split_rounding_bytes,
      "AllocatorOptions: max_non_split_rounding_bytes needs max_split_bytes: max_non_split_rounding_bytes=", rounding);
  check(rounding >= options.large_segment_bytes,
        "AllocatorOptions: max_non_split_rounding_bytes must be at least large_segment_bytes: "
        "max_non_split_rounding_bytes=",
        rounding, " large_segment_bytes=", options.large_segment_bytes);
}

}  // namespace

void check_options(const AllocatorOptions& options) {
  using config::check;
  check(options.capacity_bytes >= 1 && options.capacity_bytes < kMaxBlockBytes / 2,
        "AllocatorOptions: capacity_bytes must be from 1 to 128 TiB: capacity_bytes=", options.capacity_bytes);
  check(options.large_segment_bytes > kMinWholeSegmentBytes && options.large_segment_bytes % kWholeSegmentRounding == 0,
        "AllocatorOptions: large_segment_bytes must be above 10 MiB and a multiple of 2 MiB: large_segment_bytes=",
        options.large_segment_bytes);
  check_oversize(options);
  const double fraction = options.memory_fraction.value_or(1.0);
  check(fraction >= 0.0 && fraction <= 1.0,
        "AllocatorOptions: memory_fraction must be from 0 to 1: memory_fraction=", fraction);
  const double threshold = options.garbage_collection_threshold;
  check(threshold >= 0.0 && threshold < 1.0,
        "AllocatorOptions: garbage_collection_threshold must be at least 0 and below 1: garbage_collection_threshold=",
        threshold);
  check(
      threshold == 0.0 || options.memory_fraction,
      "AllocatorOptions: garbage_collection_threshold needs memory_fraction: garbage_collection_threshold=", threshold);
  for (const uint64_t divisions : options.roundup_power2_divisions) {
    check(divisions == 0 || std::has_single_bit(divisions),
          "AllocatorOptions: roundup_power2_divisions must be powers of two or 0: divisions=", divisions);
  }
}

}  // namespace titan::memory
