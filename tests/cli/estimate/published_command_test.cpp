#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "estimator/report/text_layout.h"
#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

TEST(ValidatePublished, ShowsTheRowsThatWereAskedForAndWhatTheOthersOfTheTableNeed) {
  const auto outcome = test::run_titan({"validate", "published", "T1", "a100-oom"});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_NE(outcome.output.find("\nh100-T1-a "), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("\na100-oom "), std::string::npos);
  EXPECT_NE(outcome.output.find("does not fit\n"), std::string::npos);
  EXPECT_NE(outcome.output.find("Not expressible yet:\n  h100-T1-b "), std::string::npos);
  EXPECT_EQ(outcome.output.find("h100-T3-a"), std::string::npos);
  EXPECT_NE(outcome.output.find("1 of 1 published speeds lie inside the predicted interval"), std::string::npos);
}

TEST(ValidatePublished, SeparatesLongIdsFromWhatTheyNeed) {
  const auto outcome = test::run_titan({"validate", "published", "async-tp"});
  ASSERT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_NE(outcome.output.find("  h100-async-tp-70B-bf16-async parallelism.enable_async_tensor_parallel: "),
            std::string::npos)
      << outcome.output;
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(estimator::display_width(line), 120u) << line;
}

// One factor and one row: the fitted value makes the prediction what was measured.
TEST(CalibrateCommand, FitsAFactorToARow) {
  const std::string file = test::fresh_folder("rows") + "/rows.csv";
  std::ofstream(file) << "id,table,tokens_per_second_per_gpu,mfu_percent,peak_reserved_gib,outcome,note\n"
                         "h100-T1-a,T1,5762,,82.4,ok,\n";
  const auto outcome = test::run_titan({"calibrate", "--fit", file});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_NE(outcome.output.find("gemm.rate "), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("errors fitted                      mean   0.0 %"), std::string::npos)
      << outcome.output;
}

// Some ten recordings and some hundred replays. Processor time: other processes do not count.
TEST(CalibrateCommand, FitsAllPublishedRowsInLittleTime) {
  const auto outcome = test::run_titan({"calibrate", "--fit", "validate/published/rows.csv"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_NE(outcome.output.find("errors of a row left out"), std::string::npos) << outcome.output;
  EXPECT_LE(outcome.cpu_s, 6.0);
}

TEST(ValidatePublished, ExplainsItself) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"validate", "published"}, {"calibrate"}, {"estimate"}, {"diff"}}) {
    auto arguments = command;
    arguments.push_back("--help");
    const auto outcome = test::run_titan(arguments);
    EXPECT_EQ(outcome.status, 0) << command[0];
    EXPECT_EQ(outcome.output.rfind("usage: titan " + command[0], 0), 0u) << outcome.output;
    EXPECT_NE(outcome.output.find("Exit status: "), std::string::npos) << command[0];
  }
}

}  // namespace
}  // namespace titan
