#include "runtime/comm/thread_ranks.h"

#include <ATen/Parallel.h>
#include <c10/core/AutogradState.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace titan::comm {
namespace {

TEST(RunThreadRanks, RunsEveryRankOnceOnItsOwnThread) {
  const auto world = ThreadWorld::create(4);
  std::mutex mutex;
  std::set<int> ranks;
  std::set<std::thread::id> threads;
  run_thread_ranks(*world, [&](int rank) {
    const std::lock_guard lock(mutex);
    ranks.insert(rank);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(ranks, (std::set<int>{0, 1, 2, 3}));
  EXPECT_EQ(threads.size(), 4u);
}

TEST(RunThreadRanks, GivesEachRankOneIntraOpThreadAndAutogradOfItsOwn) {
  at::set_num_threads(2);
  const auto world = ThreadWorld::create(2);
  run_thread_ranks(*world, [](int) {
    EXPECT_EQ(at::get_num_threads(), 1);
    EXPECT_FALSE(c10::AutogradState::get_tls_state().get_multithreading_enabled());
  });
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST(RunThreadRanks, ReportsATorchErrorWithoutItsStack) {
  const auto world = ThreadWorld::create(2);
  try {
    run_thread_ranks(*world, [](int rank) { TORCH_CHECK(rank == 0, "linear: sizes must match: in=3 weight=4"); });
    FAIL() << "no failure";
  } catch (const RankFailure& failure) {
    EXPECT_STREQ(failure.what(), "rank 1: linear: sizes must match: in=3 weight=4");
    EXPECT_THROW(std::rethrow_exception(failure.cause()), c10::Error);
  }
}

TEST(RunThreadRanks, ReportsAnExceptionThatIsNoStdException) {
  const auto world = ThreadWorld::create(1);
  try {
    run_thread_ranks(*world, [](int) { throw 7; });
    FAIL() << "no failure";
  } catch (const RankFailure& failure) {
    EXPECT_STREQ(failure.what(), "rank 0: an exception of unknown type");
  }
}

}  // namespace
}  // namespace titan::comm
