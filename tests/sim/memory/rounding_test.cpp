#include "sim/memory/rounding.h"

#include <gtest/gtest.h>

namespace titan::memory {
namespace {

TEST(RoundRequest, GoesUpToMultiplesOf512Bytes) {
  const AllocatorOptions options;
  EXPECT_EQ(round_request(options, 1), 512u);
  EXPECT_EQ(round_request(options, 511), 512u);
  EXPECT_EQ(round_request(options, 512), 512u);
  EXPECT_EQ(round_request(options, 513), 1024u);
  EXPECT_EQ(round_request(options, kMiB + 1), kMiB + 512);
}

// Four steps between 1024 and 2048 MiB are 1024, 1280, 1536, 1792: 1200 goes to 1280. 2049 bytes: steps of 2048 / 4 =
// 512. Up to 4 * 512 = 2048 bytes only the 512 bytes count.
TEST(RoundRequest, GoesUpToStepsOfAPowerOfTwo) {
  AllocatorOptions options;
  options.roundup_power2_divisions.fill(4);
  EXPECT_EQ(round_request(options, 1200 * kMiB), 1280 * kMiB);
  EXPECT_EQ(round_request(options, 1280 * kMiB), 1280 * kMiB);
  EXPECT_EQ(round_request(options, 1281 * kMiB), 1536 * kMiB);
  EXPECT_EQ(round_request(options, 1793 * kMiB), 2048 * kMiB);
  EXPECT_EQ(round_request(options, 1024 * kMiB), 1024 * kMiB);
  EXPECT_EQ(round_request(options, 2049), 2560u);
  EXPECT_EQ(round_request(options, 1500), 1536u);
  options.roundup_power2_divisions.fill(1);
  EXPECT_EQ(round_request(options, 1200 * kMiB - 1), 1200 * kMiB);
}

TEST(RoundRequest, TakesTheDivisionsOfTheSizesInterval) {
  AllocatorOptions options;
  for (uint64_t i = 0; i < kNumRoundupIntervals; ++i) options.roundup_power2_divisions[i] = uint64_t{1} << i;
  EXPECT_EQ(roundup_divisions(options, 1), 1u);
  EXPECT_EQ(roundup_divisions(options, 2 * kMiB - 1), 1u);
  EXPECT_EQ(roundup_divisions(options, 2 * kMiB), 2u);
  EXPECT_EQ(roundup_divisions(options, 4 * kMiB - 1), 2u);
  EXPECT_EQ(roundup_divisions(options, kGiB), 1024u);
  EXPECT_EQ(roundup_divisions(options, 32 * kGiB), 32768u);
  EXPECT_EQ(roundup_divisions(options, 500 * kGiB), 32768u);
}

TEST(SegmentBytes, Are2MiBOr20MiBOrTheRequest) {
  AllocatorOptions options;
  EXPECT_EQ(segment_bytes(options, 512), 2 * kMiB);
  EXPECT_EQ(segment_bytes(options, kMiB), 2 * kMiB);
  EXPECT_EQ(segment_bytes(options, kMiB + 512), 20 * kMiB);
  EXPECT_EQ(segment_bytes(options, 10 * kMiB - 512), 20 * kMiB);
  EXPECT_EQ(segment_bytes(options, 10 * kMiB), 10 * kMiB);
  EXPECT_EQ(segment_bytes(options, 10 * kMiB + 512), 12 * kMiB);
  options.large_segment_bytes = 64 * kMiB;
  EXPECT_EQ(segment_bytes(options, 5 * kMiB), 64 * kMiB);
  EXPECT_EQ(segment_bytes(options, 11 * kMiB), 12 * kMiB);
}

TEST(PageBytes, FollowThePool) {
  EXPECT_EQ(page_bytes({}, true), 2 * kMiB);
  EXPECT_EQ(page_bytes({}, false), 20 * kMiB);
  EXPECT_EQ(page_bytes({.large_segment_bytes = 32 * kMiB}, false), 32 * kMiB);
}

}  // namespace
}  // namespace titan::memory
