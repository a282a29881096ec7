// `titan validate divergence` as a user runs it: the built program on a tiny composition.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/train/run_titan.h"

namespace titan {
namespace {

using Arguments = std::vector<std::string>;

const Arguments kTiny = {"--training.seq_len",
                         "15",
                         "--training.local_batch_size",
                         "1",
                         "--parallelism.tensor_parallel_degree",
                         "2",
                         "--parallelism.data_parallel_shard_degree",
                         "1"};

test::Outcome divergence(const Arguments& more) {
  Arguments all = {"validate", "divergence"};
  all.insert(all.end(), kTiny.begin(), kTiny.end());
  all.insert(all.end(), more.begin(), more.end());
  return test::run_titan(all);
}

TEST(ValidateCommand, SaysThatATinyCompositionAgreesAndWritesTheReport) {
  const std::string path = test::fresh_folder("divergence") + "/report.json";
  const auto outcome = divergence({"--steps", "1", "--json", path});
  ASSERT_EQ(outcome.status, 0) << outcome.error << outcome.output;
  EXPECT_EQ(outcome.output.rfind("agree: 2 ranks, 1 step, ", 0), 0u) << outcome.output;
  std::istringstream lines(outcome.output);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_EQ(outcome.error, "step 1 of 1: agrees\n");
  const auto report = nlohmann::json::parse(std::ifstream(path));
  EXPECT_TRUE(report["agrees"]);
  EXPECT_EQ(report["ranks"], 2);
  EXPECT_TRUE(report["first"].is_null());
}

TEST(ValidateCommand, EndsWithOneWhereRoundingIsNotTolerated) {
  // float32 on both sides: sums in another order differ in the last digits.
  const auto outcome = divergence({"--titan.dtype", "float32", "--tolerance", "1e-12"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_EQ(outcome.output.rfind("DIVERGE at step 1", 0), 0u) << outcome.output;
}

TEST(ValidateCommand, RefusesWhatTheConfigurationCannotMean) {
  for (const Arguments& wrong :
       {Arguments{"--training.seq_lem", "4"}, Arguments{"--steps", "0"}, Arguments{"--titan.dtype", "bfloat16"},
        Arguments{"--titan.device", "cuda"}, Arguments{"--parallelism.tensor_parallel_degree", "7"}}) {
    const auto outcome = divergence(wrong);
    EXPECT_EQ(outcome.status, 2) << wrong[0] << outcome.output;
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
  }
}

TEST(ValidateCommand, ListsItsKindsAndNamesTheMissing) {
  const auto list = test::run_titan({"validate"});
  EXPECT_EQ(list.status, 0);
  for (const char* kind : {"divergence", "published", "parity", "convergence", "gpu"}) {
    EXPECT_NE(list.output.find(kind), std::string::npos) << kind;
  }
  const auto later = test::run_titan({"validate", "parity"});
  EXPECT_EQ(later.status, 2);
  EXPECT_EQ(later.error, "titan validate: parity is not there yet\n");
  EXPECT_NE(test::run_titan({"validate", "divergense"}).error.find("divergence"), std::string::npos);
}

}  // namespace
}  // namespace titan
