#include "estimator/calibrate/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "estimator/simulate/price.h"
#include "runtime/config/config_error.h"
#include "tests/estimator/simulate/scenario.h"

namespace titan::test {
namespace {

double speed(const estimator::Recording& recording, const hardware::Machine& machine) {
  const double tokens_per_gpu =
      static_cast<double>(recording.tokens_per_step) / static_cast<double>(recording.role_of_rank.size());
  return tokens_per_gpu / estimator::price(recording, machine).step_times_s.back();
}

/// Runs of the 8B on a machine whose factors are `gemm` and `attention` times those of its file: short sequences show
/// the one, long ones the other.
std::vector<estimator::MeasuredRun> runs_with(double gemm, double attention, const std::vector<int64_t>& seq_lens) {
  std::vector<estimator::MeasuredRun> runs;
  for (const int64_t seq_len : seq_lens) {
    const auto scenario = llama3("8B", 8, [&](config::JobConfig& config) { config.training.seq_len = seq_len; });
    auto& run = runs.emplace_back(estimator::MeasuredRun{.id = "seq_len " + std::to_string(seq_len),
                                                         .table = seq_len < 4096 ? "short" : "long",
                                                         .recording = estimator::record(scenario.request()),
                                                         .machine = scenario.machine});
    hardware::Machine real = run.machine;
    hardware::set_factor(real, "gemm.rate", gemm * hardware::factor(real, "gemm.rate"));
    hardware::set_factor(real, "attention.rate", attention * hardware::factor(real, "attention.rate"));
    run.tokens_per_second_per_gpu = speed(run.recording, real);
  }
  return runs;
}

TEST(Calibrate, FindsTheFactorsThatTheRunsWereMadeWith) {
  const auto runs = runs_with(0.9, 0.8, {1024, 2048, 8192, 16384});
  const auto result = estimator::calibrate(runs);
  ASSERT_EQ(result.fit.factors.size(), 2u);
  EXPECT_EQ(result.fit.problems(), std::vector<std::string>());
  const auto& machine = runs.front().machine;
  EXPECT_NEAR(result.fit.factors[0].value / hardware::factor(machine, "gemm.rate"), 0.9, 1e-4);
  EXPECT_NEAR(result.fit.factors[1].value / hardware::factor(machine, "attention.rate"), 0.8, 1e-4);
  ASSERT_EQ(result.left_out_rows.size(), 4u);
  ASSERT_EQ(result.left_out_tables.size(), 2u);
  for (const auto& left : result.left_out_rows) EXPECT_LT(left.worst_absolute, 1e-4) << left.group;
}

// A trial replays every run. The fit of all runs takes four or five steps of one trial and four more for the Jacobian;
// it ends where the four fits without a run and the two without a table begin, and hardly have anything to do.
TEST(Calibrate, TriesFewFactorsAndNoneTwice) {
  int num_trials = 0;
  estimator::calibrate(runs_with(0.9, 0.8, {1024, 2048, 8192, 16384}),
                       [&](int trial) { EXPECT_EQ(trial, ++num_trials); });
  EXPECT_GT(num_trials, 25);
  EXPECT_LE(num_trials, 45);
}

TEST(Calibrate, RefusesFewerRunsThanFactors) {
  const auto runs = runs_with(0.9, 0.8, {1024});
  try {
    estimator::calibrate(runs);
    FAIL() << "one run determines no two factors";
  } catch (const config::ConfigError& error) {
    EXPECT_EQ(error.what(),
              std::string("h100_sxm_80gb.toml: has 2 free factors, which need as many measured rows; found 1"));
  }
}

}  // namespace
}  // namespace titan::test
