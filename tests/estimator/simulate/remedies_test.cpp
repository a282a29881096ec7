#include "estimator/simulate/remedies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "estimator/simulate/simulate.h"
#include "runtime/config/config_error.h"
#include "runtime/config/rules/validate.h"
#include "runtime/config/schema.h"
#include "runtime/mesh/parallel_dims.h"
#include "tests/estimator/simulate/scenario.h"

namespace titan::test {
namespace {

using config::JobConfig;
using estimator::Estimate;

/// The keys that remedies change, read from their text as a user would give it.
void apply(const std::string& change, JobConfig& config) {
  std::istringstream words(change);
  const std::map<std::string, std::function<void(const std::string&)>> keys = {
      {"--activation_checkpoint.mode", [&](auto& value) { config.activation_checkpoint.mode = value; }},
      {"--activation_checkpoint.selective_ac_option",
       [&](auto& value) { config.activation_checkpoint.selective_ac_option = value; }},
      {"--training.local_batch_size", [&](auto& value) { config.training.local_batch_size = std::stoll(value); }},
      {"--parallelism.data_parallel_replicate_degree",
       [&](auto& value) { config.parallelism.data_parallel_replicate_degree = std::stoll(value); }},
      {"--parallelism.data_parallel_shard_degree",
       [&](auto& value) { config.parallelism.data_parallel_shard_degree = std::stoll(value); }},
      {"--parallelism.tensor_parallel_degree",
       [&](auto& value) { config.parallelism.tensor_parallel_degree = std::stoll(value); }},
      {"--parallelism.fsdp_reshard_after_forward",
       [&](auto& value) { config.parallelism.fsdp_reshard_after_forward = value; }},
  };
  for (std::string key, value; words >> key >> value;) keys.at(key)(value);
}

std::optional<Estimate> predict(const Scenario& scenario, const JobConfig& config) {
  auto other = scenario;
  other.config = config;
  try {
    config::validate(config, {.world_size = scenario.world_size, .model = scenario.model.dims});
    return estimator::simulate(other.request());
  } catch (const config::ConfigError&) {
    return std::nullopt;
  }
}

std::vector<Scenario> too_large() {
  return {
      llama3("8B", 8, local_batch(8)),   llama3("8B", 8, all_of({checkpointing("op"), local_batch(8)})),
      llama3("8B", 2, local_batch(2)),   llama3("8B", 16, all_of({replicas(8), checkpointing("full"), local_batch(4)})),
      llama3("70B", 64, local_batch(4)),
  };
}

class Remedies : public testing::TestWithParam<Scenario> {};

TEST_P(Remedies, FitWhenApplied) {
  const auto& scenario = GetParam();
  const auto before = predict(scenario, scenario.config);
  ASSERT_TRUE(before);
  ASSERT_FALSE(before->fits);
  const auto remedies =
      estimator::find_remedies(scenario.config, [&](const JobConfig& config) { return predict(scenario, config); });
  ASSERT_FALSE(remedies.empty());
  ASSERT_LE(remedies.size(), 3u);
  for (const auto& remedy : remedies) {
    auto config = scenario.config;
    apply(remedy.change, config);
    const auto after = predict(scenario, config);
    ASSERT_TRUE(after) << remedy.change;
    EXPECT_TRUE(after->fits) << remedy.change;
    EXPECT_EQ(fullest(*after).device_used_bytes, remedy.device_used_bytes) << remedy.change;
    EXPECT_EQ(after->tokens_per_second_per_gpu, remedy.tokens_per_second_per_gpu) << remedy.change;
    EXPECT_LE(remedy.tokens_per_second_per_gpu, remedies.front().tokens_per_second_per_gpu) << "the fastest first";
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Remedies, testing::ValuesIn(too_large()),
                         [](const auto& instance) { return "of_" + std::to_string(instance.index); });

// With imagined estimates: what counts is which changes are tried.
Estimate imagined(bool fits, double tokens_per_second) {
  Estimate estimate{.fits = fits, .tokens_per_second_per_gpu = tokens_per_second};
  estimate.memory.emplace_back();
  return estimate;
}

TEST(FindRemedies, GivesNoneIfNothingFits) {
  const auto nothing = [](const JobConfig&) { return imagined(false, 1.0); };
  EXPECT_TRUE(estimator::find_remedies(JobConfig{}, nothing).empty());
}

TEST(FindRemedies, SkipsWhatIsNoValidConfiguration) {
  const auto invalid = [](const JobConfig&) -> std::optional<Estimate> { return std::nullopt; };
  EXPECT_TRUE(estimator::find_remedies(JobConfig{}, invalid).empty());
}

TEST(FindRemedies, CombinesWithFullCheckpointingOnlyWhereOneChangeIsNotEnough) {
  const auto both = [](const JobConfig& config) {
    const bool small = config.training.local_batch_size == 1 && config.activation_checkpoint.mode == "full";
    return imagined(small, 1.0);
  };
  JobConfig config;
  config.training.local_batch_size = 4;
  const auto remedies = estimator::find_remedies(config, both);
  ASSERT_EQ(remedies.size(), 1u);
  EXPECT_EQ(remedies[0].change, "--activation_checkpoint.mode full --training.local_batch_size 1");
}

TEST(FindRemedies, GivesThreeTheFastestFirst) {
  double speed = 0.0;
  const auto all = [&speed](const JobConfig&) { return imagined(true, ++speed); };
  JobConfig config;
  config.activation_checkpoint.mode = "none";
  config.training.local_batch_size = 8;
  const auto remedies = estimator::find_remedies(config, all);
  ASSERT_EQ(remedies.size(), 3u);
  EXPECT_EQ(remedies[0].tokens_per_second_per_gpu, speed);
  EXPECT_EQ(remedies[1].tokens_per_second_per_gpu, speed - 1);
  EXPECT_EQ(remedies[2].tokens_per_second_per_gpu, speed - 2);
}

}  // namespace
}  // namespace titan::test
