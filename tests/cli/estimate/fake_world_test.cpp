// COMM_MODE=fake_backend: training on the simulated device.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

const Arguments k405B = {"train",
                         "--config",
                         "405b",
                         "--compile.no_enable",
                         "--parallelism.no_enable_async_tensor_parallel",
                         "--model.converters",
                         ""};

Environment world(const std::string& num_gpus, const Environment& more = {}) {
  Environment environment = {{"COMM_MODE", "fake_backend"}, {"NGPU", num_gpus}};
  environment.insert(more.begin(), more.end());
  return environment;
}

Arguments train_8b(const Arguments& more = {}) {
  Arguments all = {"train", "--config", "8b", "--compile.no_enable", "--metrics.disable_color_printing"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> step_lines(const std::string& output) {
  std::istringstream lines(output);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("step: ") != std::string::npos) found.push_back(line);
  }
  return found;
}

// The bound is for the whole program with start-up, on an idle machine: processor time does not count others.
TEST(FakeWorld, Trains405BOn512RanksInThreeSeconds) {
  const auto outcome = test::run_titan(k405B, world("512"));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_LE(outcome.cpu_s, 3.0);
  const auto steps = step_lines(outcome.output);
  ASSERT_EQ(steps.size(), 2u) << outcome.output;
  for (const auto& line : steps) {
    for (const char* part : {"loss: n/a", "grad_norm: n/a", "memory: ", "GiB(", "tps: ", "tflops: ", "mfu: "}) {
      EXPECT_NE(line.find(part), std::string::npos) << part << ": " << line;
    }
  }
  EXPECT_NE(outcome.output.find("Rank 0 of 512"), std::string::npos);
  EXPECT_NE(outcome.output.find("Training completed"), std::string::npos);
}

TEST(FakeWorld, TrainsWithTheOptimizerOnTheCpu) {
  const auto outcome = test::run_titan(train_8b({"--training.enable_cpu_offload"}), world("64"));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(step_lines(outcome.output).size(), 2u) << outcome.output;
}

TEST(FakeWorld, ShowsTheRankThatIsAskedFor) {
  const auto outcome = test::run_titan(train_8b(), world("16", {{"RANK", "11"}}));
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_NE(outcome.output.find("Rank 11 of 16"), std::string::npos) << outcome.output;
}

TEST(FakeWorld, TakesAsManyStepsAsTheCommandLineSaysNotTheFile) {
  const auto five = test::run_titan(train_8b({"--training.steps", "5"}), world("8"));
  ASSERT_EQ(five.status, 0) << five.error;
  const auto lines = step_lines(five.output);
  ASSERT_EQ(lines.size(), 5u) << five.output;
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_NE(lines[i].find("step:  " + std::to_string(i + 1) + "  "), std::string::npos) << lines[i];
  }
  EXPECT_EQ(step_lines(test::run_titan(train_8b({"--training.steps", "1"}), world("8")).output).size(), 1u);
  EXPECT_EQ(step_lines(test::run_titan(train_8b({"--sim.steps", "3"}), world("8")).output).size(), 3u);
  EXPECT_EQ(step_lines(test::run_titan(train_8b({"--metrics.log_freq", "7"}), world("8")).output).size(), 2u);
}

// Colours begin with an escape; without them the line is plain text.
TEST(FakeWorld, ColoursCanBeTurnedOff) {
  EXPECT_EQ(test::run_titan(train_8b(), world("8")).output.find('\x1b'), std::string::npos);
}

// A published configuration names 8 GPUs; NGPU says otherwise, and --gpus has the last word.
TEST(FakeWorld, TheEnvironmentAndTheCommandLineCountBeforeTheFile) {
  const Arguments published = {"train", "--config", "configs/published/h100-T1-a.toml",
                               "--training.global_batch_size=-1"};
  const auto shown = [&](const Arguments& more, const Environment& environment) {
    Arguments all = published;
    all.insert(all.end(), more.begin(), more.end());
    const auto outcome = test::run_titan(all, environment);
    const size_t at = outcome.output.find("Rank 0 of ");
    return at == std::string::npos ? outcome.error : outcome.output.substr(at, outcome.output.find('\n', at) - at);
  };
  const Environment fake = {{"COMM_MODE", "fake_backend"}};
  const Arguments any = {"--parallelism.data_parallel_shard_degree=-1"};
  EXPECT_EQ(shown(any, fake), "Rank 0 of 8");
  EXPECT_EQ(shown(any, world("32")), "Rank 0 of 32");
  EXPECT_EQ(shown({any[0], "--gpus", "64"}, world("32")), "Rank 0 of 64");
}

TEST(FakeWorld, EndsWithStatusThreeAndTheAllocatorsMessageWhereARankDoesNotFit) {
  const auto outcome = test::run_titan(train_8b({"--training.local_batch_size", "8"}), world("8"));
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_EQ(step_lines(outcome.output).size(), 2u);
  EXPECT_NE(outcome.output.find("CUDA out of memory. Tried to allocate "), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("Training completed"), std::string::npos);
}

TEST(FakeWorld, OpensNoDataSetAndNoTokenizer) {
  const auto outcome = test::run_titan(
      train_8b({"--model.hf_assets_path", "no_such_folder", "--training.dataset_path", "no_such_file"}), world("8"));
  EXPECT_EQ(outcome.status, 0) << outcome.error;
}

// What estimate says of the same configuration.
TEST(FakeWorld, LogsTheRateThatEstimatePredicts) {
  const auto outcome = test::run_titan(train_8b(), world("8"));
  const auto steps = step_lines(outcome.output);
  ASSERT_EQ(steps.size(), 2u);
  const auto table = test::run_titan({"estimate", "--config", "8b", "--gpus", "8", "--compile.no_enable"}).output;
  const size_t at = steps[1].find("tps: ") + 5;
  const std::string rate = steps[1].substr(at, steps[1].find(' ', at) - at);
  EXPECT_NE(table.find(" " + rate + "   80 % interval"), std::string::npos) << steps[1] << table;
}

}  // namespace
}  // namespace titan
