// Laws 1 and 6 among processes: this test binary starts itself as the ranks of a Gloo world.
#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/launch.h"
#include "cli/world.h"
#include "runtime/comm/gloo_world.h"
#include "runtime/platform/cpu_platform.h"
#include "tests/support/run_layout.h"
#include "tests/support/small_llama.h"

namespace titan {
namespace {

constexpr const char* kReplicateVariable = "TITAN_TEST_REPLICATE";

test::LayoutRun make_run(int replicate, int world_size) {
  test::LayoutRun run{.config = test::small_config()};
  run.global_rows = 2 * world_size;
  run.config.parallelism.data_parallel_replicate_degree = replicate;
  run.config.training.global_batch_size = run.global_rows;
  run.config.training.local_batch_size = 1;
  return run;
}

int replicate_degree() {
  const char* replicate = std::getenv(kReplicateVariable);
  return replicate ? std::atoi(replicate) : 1;
}

test::LayoutResult train_among_processes(const test::LayoutRun& run, const cli::WorldPlan& plan) {
  comm::GlooWorld world({.world = plan.world, .store = plan.store, .rank_0_serves = plan.rank_0_serves});
  platform::CpuPlatform platform(plan.world, [&world](const std::vector<int>& ranks, std::string_view name) {
    return world.make_communicator(ranks, name);
  });
  return test::train_layout(run, test::small_llama(), platform);
}

// Run by itself this is a world of one process; LaunchedRanks runs it as each rank of larger ones.
TEST(GlooRank, GivesTheRunOfOneRankAndThatOfThreads) {
  const auto plan = cli::decide_world(cli::current_environment());
  auto run = make_run(replicate_degree(), plan.world.size);
  test::LayoutResult mine;
  if (plan.kind == cli::WorldKind::processes) {
    mine = train_among_processes(run, plan);
  } else {
    mine = test::train_layout_on_threads(run, test::small_llama(), 1);
  }
  const auto threads = test::train_layout_on_threads(run, test::small_llama(), plan.world.size);
  EXPECT_TRUE(test::same_training(threads, mine, {1e-5, 1e-4})) << "threads";
  run.config.parallelism.data_parallel_replicate_degree = 1;
  run.config.training.local_batch_size = run.global_rows;
  const auto one_rank = test::train_layout_on_threads(run, test::small_llama(), 1);
  EXPECT_TRUE(test::same_training(one_rank, mine, {1e-5, 1e-4})) << "one rank";
}

// Both add up in float32 and round once, in the order of ranks.
TEST(GlooRank, WrapsAndReducesInBFloat16AsThreadsDo) {
  const auto plan = cli::decide_world(cli::current_environment());
  if (plan.kind != cli::WorldKind::processes) GTEST_SKIP() << "runs as a rank of LaunchedRanks";
  auto run = make_run(replicate_degree(), plan.world.size);
  run.config.training.mixed_precision_reduce = "bfloat16";
  run.fsdp_blocks_per_unit = 2;
  const auto threads = test::train_layout_on_threads(run, test::small_llama(), plan.world.size);
  EXPECT_TRUE(test::same_training(threads, train_among_processes(run, plan), {1e-5, 1e-4}));
}

int launch_ranks(int replicate, int world_size, const std::string& test = "GlooRank.Gives*") {
  auto environment = cli::current_environment();
  environment[kReplicateVariable] = std::to_string(replicate);
  return cli::launch({.num_procs = world_size,
                      .arguments = {"--gtest_filter=" + test, "--gtest_brief=1"},
                      .environment = environment});
}

TEST(LaunchedRanks, ShardedAmongThreeProcessesGiveTheOneRankRun) { EXPECT_EQ(launch_ranks(1, 3), 0); }
TEST(LaunchedRanks, ReplicatedOnTwoProcessesGiveTheOneRankRun) { EXPECT_EQ(launch_ranks(2, 2), 0); }
TEST(LaunchedRanks, HybridOnFourProcessesGiveTheOneRankRun) { EXPECT_EQ(launch_ranks(2, 4), 0); }
TEST(LaunchedRanks, ThatWrapAndReduceInBFloat16GiveTheRunOfThreads) {
  EXPECT_EQ(launch_ranks(2, 4, "GlooRank.Wraps*"), 0);
}

}  // namespace
}  // namespace titan
