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

test::Outcome divergence(const Arguments& more, const std::map<std::string, std::string>& environment = {}) {
  Arguments all = {"validate", "divergence"};
  all.insert(all.end(), kTiny.begin(), kTiny.end());
  all.insert(all.end(), more.begin(), more.end());
  return test::run_titan(all, environment);
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

void expect_refusal(const test::Outcome& outcome, const std::string& begin) {
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_EQ(outcome.error.rfind(begin, 0), 0u) << outcome.error;
  EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
}

// 2^32 + 2 would be 2 as an int, 2^32 x 2^32 would be 0; 2 x 2049 ranks are too many for any machine, for many 2049
// are.
TEST(ValidateCommand, RefusesMoreRanksThanOneProcessRuns) {
  expect_refusal(divergence({}, {{"NGPU", "4294967298"}}), "NGPU: at most ");
  expect_refusal(divergence({"--parallelism.data_parallel_replicate_degree", "4294967296",
                             "--parallelism.data_parallel_shard_degree", "4294967296"}),
                 "parallelism.data_parallel_replicate_degree: at most ");
  expect_refusal(divergence({"--parallelism.data_parallel_shard_degree", "2049"}),
                 "parallelism.data_parallel_shard_degree: at most ");
}

TEST(ValidateCommand, PrintsTheConfigurationThatItWouldRun) {
  const auto outcome = divergence({"--job.print_config"});
  EXPECT_EQ(outcome.status, 0) << outcome.error;
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["training"]["seq_len"], 15);
}

TEST(ValidateCommand, RefusesBeforeTheRunWhatWouldFailInOrAfterIt) {
  const std::string folder = test::fresh_folder("divergence");
  expect_refusal(divergence({"--json", folder + "/missing/report.json"}), "json: cannot write '");
  expect_refusal(divergence({"--json", folder}), "json: must name a file");
  expect_refusal(divergence({"--json", ""}), "json: must name a file");
  expect_refusal(divergence({"--training.local_batch_size", "1000000000"}),
                 "training.local_batch_size: one activation");
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
