#include "runtime/train/checkpoint_policy.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"

namespace titan::train {
namespace {

std::string pattern(const std::string& mode, const std::string& option) {
  config::ActivationCheckpointSection settings;
  settings.mode = mode;
  settings.selective_ac_option = option;
  std::string marks;
  for (int64_t block = 0; block < 6; ++block) {
    marks += block_checkpoint(settings, block) == unit::Checkpoint::full ? 'x' : '.';
  }
  return marks;
}

TEST(CheckpointPolicy, ChecksEveryNthBlockCountedFromOne) {
  EXPECT_EQ(pattern("none", "2"), "......");
  EXPECT_EQ(pattern("full", "2"), "xxxxxx");
  EXPECT_EQ(pattern("selective", "1"), "xxxxxx");
  EXPECT_EQ(pattern("selective", "2"), ".x.x.x");
  EXPECT_EQ(pattern("selective", "4"), "...x..");
  EXPECT_EQ(pattern("selective", "0"), "xxxxxx");
}

TEST(CheckpointPolicy, RefusesModesThatNeedOperatorsToBeSaved) {
  EXPECT_THROW(pattern("selective", "op"), config::ConfigError);
  EXPECT_THROW(pattern("memory_budget", "2"), config::ConfigError);
}

}  // namespace
}  // namespace titan::train
