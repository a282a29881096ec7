#include "runtime/train/batch_rules.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"

namespace titan::train {
namespace {

TEST(BatchRules, ANegativeGlobalBatchMeansNoAccumulation) {
  const BatchRules rules = resolve_batch(8, -1, 4);
  EXPECT_EQ(rules.global, 32);
  EXPECT_EQ(rules.accumulation, 1);
  EXPECT_EQ(rules.per_rank(), 8);
}

TEST(BatchRules, AccumulatesUntilTheGlobalBatchIsFull) {
  // 64 sequences over 4 ranks of 2: 64 / (2 * 4) = 8 microbatches, 16 sequences a rank.
  const BatchRules rules = resolve_batch(2, 64, 4);
  EXPECT_EQ(rules.accumulation, 8);
  EXPECT_EQ(rules.per_rank(), 16);
}

TEST(BatchRules, RefusesAGlobalBatchThatTheRanksCannotDivide) {
  try {
    resolve_batch(3, 16, 2);
    FAIL() << "16 is not a multiple of 6";
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(error.where(), "training.global_batch_size");
    EXPECT_NE(error.message().find("(16 % (3 * 2) != 0)"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace titan::train
