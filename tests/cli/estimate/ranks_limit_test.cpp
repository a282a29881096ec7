#include "cli/ranks_limit.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

constexpr int64_t kGibi = int64_t{1} << 30;

std::string refusal(int64_t count, int64_t memory_bytes) {
  try {
    check_ranks("NGPU", count, kTrainingThreads, memory_bytes);
    return "";
  } catch (const config::ConfigError& error) {
    return error.what();
  }
}

// 24 GiB hold 768 times 32 MiB.
TEST(RanksLimit, IsWhatMemoryHolds) {
  EXPECT_EQ(refusal(768, 24 * kGibi), "");
  EXPECT_EQ(
      refusal(769, 24 * kGibi),
      "NGPU: at most 768 ranks run as threads of one process: each takes 32 MiB or more, this machine has 24 GiB; "
      "found 769");
}

TEST(RanksLimit, IsNeverBelowOneNorAbove4096) {
  EXPECT_EQ(refusal(1, 1 << 20), "");
  EXPECT_EQ(refusal(4096, 1000 * kGibi), "");
  EXPECT_EQ(refusal(4097, 1000 * kGibi), "NGPU: at most 4096 ranks run as threads of one process; found 4097");
}

}  // namespace
}  // namespace titan::cli
