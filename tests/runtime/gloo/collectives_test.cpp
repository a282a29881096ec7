#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "cli/launch.h"
#include "tests/runtime/gloo/job.h"

namespace titan::comm {
namespace {

/// Every operation against a sequential oracle (scenarios.cpp: collectives), in processes that the launcher starts.
class GlooCollectives : public testing::TestWithParam<int> {};

TEST_P(GlooCollectives, EqualASequentialOracle) {
  Capture out, err;
  cli::LaunchOptions options;
  options.num_procs = GetParam();
  options.program = TITAN_BINARY_DIR "/bin/gloo_peer";
  options.arguments = {"collectives"};
  options.environment = cli::current_environment();
  options.standard_output = out.file();
  options.standard_error = err.file();
  options.log_ranks.clear();
  for (int rank = 0; rank < options.num_procs; ++rank) options.log_ranks.push_back(rank);
  EXPECT_EQ(cli::launch(options), 0);
  EXPECT_EQ(out.text(), "");
  EXPECT_EQ(err.text(), "");
}

/// Under the launcher the cause comes from it: it saw how the rank ended.
TEST(GlooUnderTheLauncher, TellsTheOtherRanksHowOneEnded) {
  Capture out, err;
  cli::LaunchOptions options;
  options.num_procs = 3;
  options.program = TITAN_BINARY_DIR "/bin/gloo_peer";
  options.arguments = {"killed"};
  options.environment = cli::current_environment();
  options.standard_output = out.file();
  options.standard_error = err.file();
  EXPECT_EQ(cli::launch(options), 128 + SIGKILL);
  EXPECT_EQ(err.text(), "titan launch: rank 2 was ended by signal 9 (Killed)\n");
  EXPECT_THAT(out.text(), testing::HasSubstr("all_reduce(sum, float32[4]) #3 on 'dp' (ranks 0, 1, 2): "
                                             "rank 2 was ended by signal 9 (Killed)"));
}

INSTANTIATE_TEST_SUITE_P(RankCounts, GlooCollectives, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace titan::comm
