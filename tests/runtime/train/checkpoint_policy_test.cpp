#include "runtime/train/checkpoint_policy.h"

#include <gtest/gtest.h>

#include "runtime/config/config_error.h"
#include "tests/support/small_llama.h"

namespace titan::train {
namespace {

struct Built {
  Model model = test::small_llama().build({.seq_len = 16});
  std::vector<unit::Unit*> units;

  Built() {
    for (const auto& one : model.units) units.push_back(one.get());
  }
};

config::ActivationCheckpointSection settings_of(const std::string& mode, const std::string& option) {
  config::ActivationCheckpointSection settings;
  settings.mode = mode;
  settings.selective_ac_option = option;
  return settings;
}

std::string pattern(const std::string& mode, const std::string& option) {
  const CheckpointPolicy policy(settings_of(mode, option), Built().units);
  std::string marks;
  for (int64_t block = 0; block < 6; ++block) marks += policy.of_block(block) ? 'x' : '.';
  return marks;
}

TEST(CheckpointPolicy, ChecksEveryNthBlockCountedFromOne) {
  EXPECT_EQ(pattern("none", "2"), "......");
  EXPECT_EQ(pattern("full", "2"), "xxxxxx");
  EXPECT_EQ(pattern("selective", "1"), "xxxxxx");
  EXPECT_EQ(pattern("selective", "2"), ".x.x.x");
  EXPECT_EQ(pattern("selective", "4"), "...x..");
  EXPECT_EQ(pattern("selective", "0"), "xxxxxx");
  EXPECT_EQ(pattern("selective", "op"), "xxxxxx");
}

TEST(CheckpointPolicy, FindsTheShapesOfLayersThatAreToRunAgainByTheirNames) {
  auto settings = settings_of("selective", "op");
  settings.per_op_sac_force_recompute_mm_shapes_by_fqns = {"attention.wq", "feed_forward.w2"};
  // wq 48 -> 48, w2 56 -> 48.
  EXPECT_EQ(CheckpointPolicy(settings, Built().units).of_block(0)->key(), "op 48x48 56x48");
  settings.per_op_sac_force_recompute_mm_shapes_by_fqns = {"moe.router.gate"};
  EXPECT_EQ(CheckpointPolicy(settings, Built().units).of_block(0)->key(), "op");
}

TEST(CheckpointPolicy, RefusesNamesOfLayersThatAreNotLinear) {
  auto settings = settings_of("selective", "op");
  settings.per_op_sac_force_recompute_mm_shapes_by_fqns = {"ffn_norm"};
  try {
    CheckpointPolicy(settings, Built().units);
    FAIL();
  } catch (const config::ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns: expected only linear layers, but "
                 "layers.0.ffn_norm is none");
  }
}

}  // namespace
}  // namespace titan::train
