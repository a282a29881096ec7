#include "sim/memory/allocator_options.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/config/check.h"

namespace titan::memory {
namespace {

std::string message(const AllocatorOptions& options) {
  try {
    check_options(options);
  } catch (const config::ContractError& error) {
    return error.what();
  }
  return "accepted";
}

AllocatorOptions with_divisions(uint64_t divisions) {
  AllocatorOptions options = {.capacity_bytes = kGiB};
  options.roundup_power2_divisions[3] = divisions;
  return options;
}

TEST(AllocatorOptions, AreNamedWhenOutOfRange) {
  const std::vector<std::pair<AllocatorOptions, std::string>> cases = {
      {{}, "capacity_bytes must be from 1 to 128 TiB: capacity_bytes=0"},
      {{.capacity_bytes = kNoLimit}, "capacity_bytes must be"},
      {{.capacity_bytes = kGiB, .large_segment_bytes = 10 * kMiB}, "large_segment_bytes must be above 10 MiB"},
      {{.capacity_bytes = kGiB, .large_segment_bytes = 21 * kMiB}, "large_segment_bytes must be above 10 MiB"},
      {{.capacity_bytes = kGiB, .max_split_bytes = 19 * kMiB}, "max_split_bytes must be at least large_segment_bytes"},
      {{.capacity_bytes = kGiB, .expandable_segments = true, .max_split_bytes = 64 * kMiB},
       "max_split_bytes does not go with expandable_segments"},
      {{.capacity_bytes = kGiB, .max_non_split_rounding_bytes = 64 * kMiB},
       "max_non_split_rounding_bytes needs max_split_bytes"},
      {{.capacity_bytes = kGiB, .max_split_bytes = 64 * kMiB, .max_non_split_rounding_bytes = 2 * kMiB},
       "max_non_split_rounding_bytes must be at least large_segment_bytes"},
      {{.capacity_bytes = kGiB, .memory_fraction = 1.5}, "memory_fraction must be from 0 to 1"},
      {{.capacity_bytes = kGiB, .memory_fraction = 0.5, .garbage_collection_threshold = 1.0},
       "garbage_collection_threshold must be at least 0 and below 1"},
      {{.capacity_bytes = kGiB, .garbage_collection_threshold = 0.5},
       "garbage_collection_threshold needs memory_fraction"},
      {with_divisions(3), "roundup_power2_divisions must be powers of two or 0: divisions=3"},
  };
  for (const auto& [options, expected] : cases) {
    EXPECT_NE(message(options).find("AllocatorOptions: " + expected), std::string::npos) << message(options);
  }
}

TEST(AllocatorOptions, AreAcceptedAtTheirLimits) {
  EXPECT_EQ(message({.capacity_bytes = 1}), "accepted");
  EXPECT_EQ(message({.capacity_bytes = kGiB, .large_segment_bytes = 12 * kMiB, .max_split_bytes = 12 * kMiB}),
            "accepted");
  EXPECT_EQ(message({.capacity_bytes = kGiB, .memory_fraction = 1.0, .garbage_collection_threshold = 0.99}),
            "accepted");
  EXPECT_EQ(message(with_divisions(1024)), "accepted");
}

}  // namespace
}  // namespace titan::memory
