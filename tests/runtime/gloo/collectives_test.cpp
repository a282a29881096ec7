#include <gtest/gtest.h>

#include "cli/launch.h"
#include "tests/runtime/gloo/job.h"

namespace titan::comm {
namespace {

/// Every operation against a sequential oracle (peer.cpp: collectives), in processes that the launcher starts.
class GlooCollectives : public testing::TestWithParam<int> {};

TEST_P(GlooCollectives, EqualASequentialOracle) {
  JobOptions job;
  job.timeout_ms = 20000;
  Capture out, err;
  cli::LaunchOptions options;
  options.num_procs = GetParam();
  options.program = peer_program();
  options.arguments = {"collectives"};
  options.environment = scenario_environment(job);
  options.standard_output = out.file();
  options.standard_error = err.file();
  options.log_ranks.clear();
  for (int rank = 0; rank < options.num_procs; ++rank) options.log_ranks.push_back(rank);
  EXPECT_EQ(cli::launch(options), 0);
  EXPECT_EQ(out.text(), "");
  EXPECT_EQ(err.text(), "");
}

INSTANTIATE_TEST_SUITE_P(RankCounts, GlooCollectives, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace titan::comm
