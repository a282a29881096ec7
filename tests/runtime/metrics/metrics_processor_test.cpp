#include "runtime/metrics/metrics_processor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/config/check.h"

namespace titan::metrics {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kGiB = int64_t{1} << 30;

class MetricsProcessorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("titan_metrics_" + std::to_string(getpid()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<nlohmann::json> lines(const std::string& name) const {
    std::vector<nlohmann::json> result;
    std::ifstream file(folder_ / name);
    for (std::string line; std::getline(file, line);) result.push_back(nlohmann::json::parse(line));
    return result;
  }

  /// The messages of the log without time and level.
  std::vector<std::string> messages() const {
    std::vector<std::string> result;
    std::istringstream log(out_.str());
    for (std::string line; std::getline(log, line);) result.push_back(line.substr(line.find(" - root - ") + 10));
    return result;
  }

  fs::path folder_;
  std::ostringstream out_;
  Logger logger_{out_};
  platform::MemoryStats memory_{.peak_reserved_bytes = kGiB, .capacity_bytes = 4 * kGiB};
};

TEST_F(MetricsProcessorTest, LogsTheFirstStepAndEveryMultiple) {
  const MetricsProcessor metrics({.log_freq = 10}, logger_, nullptr, 0.0);
  EXPECT_TRUE(metrics.should_log(1));
  EXPECT_FALSE(metrics.should_log(2));
  EXPECT_FALSE(metrics.should_log(9));
  EXPECT_TRUE(metrics.should_log(10));
  EXPECT_FALSE(metrics.should_log(11));
  EXPECT_TRUE(metrics.should_log(20));
}

TEST_F(MetricsProcessorTest, DerivesRatesFromTheTimeSinceTheLastReport) {
  RunFiles files(folder_, 0);
  MetricsProcessor metrics(
      {.log_freq = 10, .flops_per_token = 1e9, .peak_flops = 1e12, .ranks_per_batch = 2, .colours = false}, logger_,
      &files, 100.0);
  // Step 1: 4000 tokens on two ranks that share them, in 2 s: 1000 tps, 1e12 FLOP/s = 1 TFLOP/s, 100 % of the peak. 0.5
  // s waited: 25 %.
  metrics.add_batch(4000, 0.5);
  metrics.log_step(1, {.loss = 2.0, .max_loss = 2.5, .grad_norm = 1.5, .lr = 0.125, .tokens_seen = 8000}, memory_,
                   102.0);
  // Steps 2 to 10: 9 steps of 2 batches of 1000 tokens in 18 s, 0.1 s waited for each: 500 tps, 2 s and 0.2 s a step.
  for (int batch = 0; batch < 18; ++batch) metrics.add_batch(1000, 0.1);
  metrics.log_step(10, {.loss = 1.0, .max_loss = 1.0, .grad_norm = 0.5, .lr = 0.25, .tokens_seen = 80000}, memory_,
                   120.0);

  EXPECT_EQ(messages(),
            (std::vector<std::string>{"INFO - step:  1  loss:  2.00000  grad_norm:  1.5000  memory:  1.00GiB(25.00%)  "
                                      "tps: 1,000  tflops: 1.00  mfu: 100.00%",
                                      "INFO - step: 10  loss:  1.00000  grad_norm:  0.5000  memory:  1.00GiB(25.00%)  "
                                      "tps: 500  tflops: 0.50  mfu: 50.00%"}));
  const auto steps = lines("metrics.jsonl");
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0]["step_time_s"], 2.0);
  EXPECT_EQ(steps[0]["data_time_s"], 0.5);
  EXPECT_EQ(steps[0]["max_loss"], 2.5);
  EXPECT_EQ(steps[1]["step"], 10);
  EXPECT_EQ(steps[1]["step_time_s"], 2.0);
  EXPECT_NEAR(steps[1]["data_time_s"].get<double>(), 0.2, 1e-15);
  EXPECT_EQ(steps[1]["lr"], 0.25);
  EXPECT_EQ(steps[1]["tokens_per_second_per_device"], 500.0);
  EXPECT_EQ(steps[1]["mfu_percent"], 50.0);
  EXPECT_EQ(steps[1]["memory_reserved_bytes"], kGiB);
  EXPECT_EQ(steps[1]["tokens_seen"], 80000);
}

TEST_F(MetricsProcessorTest, DividesByTheStepsOfThisLifeAfterAResume) {
  // Resumed after step 14: steps 15 to 20 are six, in 12 s.
  RunFiles files(folder_, 14);
  MetricsProcessor metrics({.log_freq = 10, .resume_step = 14}, logger_, &files, 0.0);
  metrics.log_step(20, {}, memory_, 12.0);
  EXPECT_EQ(lines("metrics.jsonl")[0]["step_time_s"], 2.0);
}

TEST_F(MetricsProcessorTest, ReportsNoMfuWithoutPeakAndNoLossWithoutValues) {
  RunFiles files(folder_, 0);
  MetricsProcessor metrics({.colours = false}, logger_, &files, 0.0);
  metrics.log_step(1, {}, memory_, 1.0);
  EXPECT_EQ(messages()[0],
            "INFO - step:  1  loss: n/a  grad_norm: n/a  memory:  1.00GiB(25.00%)  tps: 0  tflops: 0.00  mfu: n/a");
  EXPECT_TRUE(lines("metrics.jsonl")[0]["mfu_percent"].is_null());
}

TEST_F(MetricsProcessorTest, KeepsValidationOutOfTrainingTimeAndFile) {
  RunFiles files(folder_, 0);
  MetricsProcessor metrics({.log_freq = 2, .colours = false}, logger_, &files, 0.0);
  metrics.log_step(1, {.loss = 1.0}, memory_, 1.0);
  metrics.log_validation(1, 3.5, 8000, memory_, 1.0, 5.0);  // 8000 tokens in 4 s
  metrics.add_batch(1000, 0.0);
  metrics.log_step(2, {.loss = 1.0}, memory_, 6.0);  // 1 s of training
  EXPECT_EQ(messages()[1], "INFO - validate step:  1  loss:  3.5000  memory:  1.00GiB(25.00%)  tps: 2,000");
  const auto steps = lines("metrics.jsonl"), validation = lines("validation.jsonl");
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1]["step_time_s"], 1.0);
  EXPECT_EQ(steps[1]["tokens_per_second_per_device"], 1000.0);
  ASSERT_EQ(validation.size(), 1U);
  EXPECT_EQ(validation[0]["loss"], 3.5);
}

TEST_F(MetricsProcessorTest, WritesNoFilesOnOtherRanks) {
  MetricsProcessor metrics({}, logger_, nullptr, 0.0);
  metrics.log_step(1, {}, memory_, 1.0);
  metrics.log_validation(1, 1.0, 10, memory_, 1.0, 2.0);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(MetricsProcessorTest, WarnsOfNewAllocatorTrouble) {
  MetricsProcessor metrics({.log_freq = 1}, logger_, nullptr, 0.0);
  memory_.num_alloc_retries = 2;
  metrics.log_step(1, {}, memory_, 1.0);
  metrics.log_step(2, {}, memory_, 2.0);  // nothing new
  memory_.num_alloc_retries = 3, memory_.num_ooms = 1;
  metrics.log_step(3, {}, memory_, 3.0);
  const auto all = messages();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[1], "WARNING - 2 memory allocation retries since the last report");
  EXPECT_EQ(all[4], "WARNING - 1 memory allocation retries since the last report");
  EXPECT_EQ(all[5], "WARNING - 1 out-of-memory errors since the last report");
}

TEST_F(MetricsProcessorTest, RefusesStepsThatDoNotRise) {
  MetricsProcessor metrics({}, logger_, nullptr, 0.0);
  metrics.log_step(1, {}, memory_, 1.0);
  EXPECT_THROW(metrics.log_step(1, {}, memory_, 2.0), config::ContractError);
  EXPECT_THROW(MetricsProcessor({.log_freq = 0}, logger_, nullptr, 0.0), config::ContractError);
}

}  // namespace
}  // namespace titan::metrics
