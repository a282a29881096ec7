#include "runtime/platform/rank_threads.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "runtime/comm/comm_error.h"
#include "runtime/comm/communicator.h"
#include "runtime/comm/thread_ranks.h"

namespace titan::platform {
namespace {

TEST(RunRankThreads, GivesEachRankAPlatformThatReachesTheOthers) {
  run_rank_threads(4, [](Platform& platform) {
    const int rank = platform.world().rank;
    EXPECT_EQ(platform.world(), (World{.rank = rank, .size = 4, .local_rank = rank}));
    const int pair = rank / 2 * 2;
    const auto comm = platform.make_communicator({pair, pair + 1}, "tp");
    const at::Tensor tensor = at::full({3}, rank);
    comm->all_reduce(tensor, comm::ReduceOp::sum, {}).wait({});
    EXPECT_EQ(platform.read(tensor.sum(), 0), 3 * (2 * pair + 1));
  });
}

TEST(RunRankThreads, CountsEachRanksMemoryApart) {
  run_rank_threads(3, [](Platform& platform) {
    const at::Tensor tensor = at::empty({1000 * (platform.world().rank + 1)}, at::kByte);
    EXPECT_EQ(platform.memory_stats().allocated_bytes, 1000 * (platform.world().rank + 1));
  });
}

TEST(RunRankThreads, LetsTensorsOutliveTheirRank) {
  std::vector<at::Tensor> kept(2);
  run_rank_threads(2, [&](Platform& platform) { kept[platform.world().rank] = at::full({100}, 1.0); });
  EXPECT_EQ(kept[0].sum().item().toDouble() + kept[1].sum().item().toDouble(), 200);
  kept.clear();
}

TEST(RunRankThreads, EndsAllRanksAtOnceWhenOneDiesInsideACollective) {
  const auto start = std::chrono::steady_clock::now();
  try {
    run_rank_threads(8, [](Platform& platform) {
      const auto comm = platform.make_communicator({0, 1, 2, 3, 4, 5, 6, 7}, "world");
      comm->barrier();
      if (platform.world().rank == 5) throw std::runtime_error("out of memory");
      comm->barrier();
    });
    FAIL() << "no failure";
  } catch (const comm::RankFailure& failure) {
    EXPECT_STREQ(failure.what(), "rank 5: out of memory");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace titan::platform
