#include "runtime/comm/thread_world.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "runtime/comm/comm_error.h"
#include "tests/runtime/comm/test_tensors.h"
#include "tests/support/run_ranks.h"

namespace titan::test {
namespace {

using comm::Communicator;
using comm::ReduceOp;
using comm::ThreadWorld;

/// The message with which a world ends; every rank that fails must see the same one.
std::string failure_of(int num_ranks, const std::function<void(int, ThreadWorld&)>& body) {
  try {
    run_ranks_in_world(num_ranks, body);
  } catch (const comm::RankFailure& failure) {
    EXPECT_THROW(std::rethrow_exception(failure.cause()), comm::CommError) << failure.what();
    return failure.what();
  }
  return "no failure";
}

/// Rank 1 makes another call than ranks 0 and 2.
std::string mismatch_of(const std::function<void(Communicator&)>& call,
                        const std::function<void(Communicator&)>& other) {
  const std::string failure = failure_of(3, [&](int rank, ThreadWorld& world) {
    const auto comm = world.make_communicator(rank, {0, 1, 2}, "dp");
    comm->barrier();
    (rank == 1 ? other : call)(*comm);
    comm->barrier();
  });
  const size_t start = failure.find("mismatched");
  return start == std::string::npos ? failure : failure.substr(start);
}

/// Accepts the pair in either order: whoever comes second notices.
void expect_mismatch(const std::string& message, const std::string& of_rank_0_or_2, const std::string& of_rank_1) {
  const std::string place = "mismatched collectives on \"dp\" (ranks 0-2), operation 1: ";
  const std::string one = "rank 1 called " + of_rank_1;
  for (const char* rank : {"0", "2"}) {
    const std::string other = std::string("rank ") + rank + " called " + of_rank_0_or_2;
    if (message == place + other + ", " + one || message == place + one + ", " + other) return;
  }
  FAIL() << message;
}

void all_reduce(Communicator& comm, const at::Tensor& tensor, ReduceOp op = ReduceOp::sum) {
  comm.all_reduce(tensor, op, kStream).wait(kStream);
}

TEST(MismatchedCollectives, OfDifferentKindsNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of(
                      [](Communicator& comm) {
                        all_reduce(comm, at::ones({4, 8}));
                      },
                      [](Communicator& comm) { comm.all_gather(at::ones({2}), at::ones({6}), kStream).wait(kStream); }),
                  "all_reduce(sum, float32[4, 8])", "all_gather(float32[2])");
}

TEST(MismatchedCollectives, OfDifferentShapesNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of([](Communicator& comm) { all_reduce(comm, at::ones({4})); },
                              [](Communicator& comm) {
                                all_reduce(comm, at::ones({2, 2}));
                              }),
                  "all_reduce(sum, float32[4])", "all_reduce(sum, float32[2, 2])");
}

TEST(MismatchedCollectives, OfDifferentDtypesNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of([](Communicator& comm) { all_reduce(comm, at::ones({4}, at::kBFloat16)); },
                              [](Communicator& comm) { all_reduce(comm, at::ones({4}, at::kHalf)); }),
                  "all_reduce(sum, bfloat16[4])", "all_reduce(sum, float16[4])");
}

TEST(MismatchedCollectives, OfDifferentReductionsNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of([](Communicator& comm) { all_reduce(comm, at::ones({4})); },
                              [](Communicator& comm) { all_reduce(comm, at::ones({4}), ReduceOp::max); }),
                  "all_reduce(sum, float32[4])", "all_reduce(max, float32[4])");
}

TEST(MismatchedCollectives, OfDifferentRootsNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of([](Communicator& comm) { comm.broadcast(at::ones({4}), 0, kStream).wait(kStream); },
                              [](Communicator& comm) { comm.broadcast(at::ones({4}), 2, kStream).wait(kStream); }),
                  "broadcast(root 0, float32[4])", "broadcast(root 2, float32[4])");
}

TEST(MismatchedCollectives, OfDifferentOrderNameBothRanksAndCalls) {
  expect_mismatch(mismatch_of(
                      [](Communicator& comm) {
                        all_reduce(comm, at::ones({4}));
                        comm.barrier();
                      },
                      [](Communicator& comm) {
                        comm.barrier();
                        all_reduce(comm, at::ones({4}));
                      }),
                  "all_reduce(sum, float32[4])", "barrier()");
}

TEST(MismatchedCollectives, OfSplitsThatDoNotMeetNameBothRanksAndCalls) {
  // Rank 1 expects two rows from each rank, ranks 0 and 2 send one.
  const auto exchange = [](Communicator& comm, std::vector<int64_t> recv_splits) {
    const int64_t rows = recv_splits[0] + recv_splits[1] + recv_splits[2];
    comm.all_to_all(at::ones({3}), at::ones({rows}), {1, 1, 1}, recv_splits, kStream).wait(kStream);
  };
  const std::string message = mismatch_of(
      [&](Communicator& comm) {
        exchange(comm, {1, 1, 1});
      },
      [&](Communicator& comm) {
        exchange(comm, {2, 1, 2});
      });
  expect_mismatch(message, "all_to_all(float32[3], send_splits [1, 1, 1], recv_splits [1, 1, 1])",
                  "all_to_all(float32[3], send_splits [1, 1, 1], recv_splits [2, 1, 2])");
}

TEST(MismatchedCommunicators, OfDifferentNamesNameBothRanks) {
  const std::string failure = failure_of(2, [](int rank, ThreadWorld& world) {
    world.make_communicator(rank, {0, 1}, rank == 0 ? "tp" : "cp")->barrier();
  });
  EXPECT_NE(failure.find("mismatched communicators of ranks 0, 1: rank "), std::string::npos) << failure;
  EXPECT_NE(failure.find("makes \"tp\""), std::string::npos) << failure;
  EXPECT_NE(failure.find("makes \"cp\""), std::string::npos) << failure;
}

TEST(ThreadWorld, EndsEveryRankWithTheMessageOfTheOneThatThrew) {
  std::atomic<int> num_ended{0};
  const auto train = [&](int rank, ThreadWorld& world) {
    if (rank == 2) throw std::runtime_error("disk full");
    try {
      all_reduce(*world.make_communicator(rank, {0, 1, 2, 3}, "dp"), at::ones({8}));
    } catch (const comm::CommError& error) {
      EXPECT_STREQ(error.what(), "rank 2 failed: disk full");
      ++num_ended;
      throw;
    }
  };
  try {
    run_ranks_in_world(4, train);
    FAIL() << "no failure";
  } catch (const comm::RankFailure& failure) {
    EXPECT_STREQ(failure.what(), "rank 2: disk full");
    EXPECT_EQ(failure.rank(), 2);
  }
  EXPECT_EQ(num_ended, 3);
}

TEST(ThreadWorld, EndsRanksThatWaitForOneThatFinished) {
  const std::string failure = failure_of(3, [](int rank, ThreadWorld& world) {
    const auto comm = world.make_communicator(rank, {0, 1, 2}, "dp");
    comm->barrier();
    if (rank != 1) all_reduce(*comm, at::ones({8}));
  });
  const std::string rule = "rank 1 finished while rank ";
  EXPECT_NE(failure.find(rule), std::string::npos) << failure;
  EXPECT_NE(failure.find("waits for it on \"dp\" (ranks 0-2), operation 1: all_reduce(sum, float32[8])"),
            std::string::npos)
      << failure;
}

TEST(ThreadWorld, EndsARankThatComesToWaitForOneThatFinishedBefore) {
  const auto world = ThreadWorld::create(3);
  const auto comm = world->make_communicator(0, {0, 1}, "dp");
  world->finish(1);  // rank 2 goes on, so not every rank waits
  try {
    comm->barrier();
    FAIL() << "no error";
  } catch (const comm::CommError& error) {
    EXPECT_STREQ(error.what(),
                 "rank 1 finished while rank 0 waits for it on \"dp\" (ranks 0, 1), operation 0: barrier()");
  }
  EXPECT_EQ(world->aborted_by(), 1);
}

TEST(ThreadWorld, NoticesRanksThatAllWaitForEachOther) {
  // Rank 0 wants "a" before "b", rank 1 "b" before "a": neither can ever go on.
  const std::string failure = failure_of(2, [](int rank, ThreadWorld& world) {
    const auto a = world.make_communicator(rank, {0, 1}, "a");
    const auto b = world.make_communicator(rank, {0, 1}, "b");
    all_reduce(rank == 0 ? *a : *b, at::ones({2}));
    all_reduce(rank == 0 ? *b : *a, at::ones({2}));
  });
  EXPECT_NE(failure.find("every rank waits for another: "), std::string::npos) << failure;
  EXPECT_NE(failure.find("rank 0 waits for rank 1 on \"a\" (ranks 0, 1), operation 0: all_reduce(sum, float32[2])"),
            std::string::npos)
      << failure;
  EXPECT_NE(failure.find("rank 1 waits for rank 0 on \"b\""), std::string::npos) << failure;
}

TEST(ThreadWorld, NeverMindsInWhichOrderCommunicatorsAreWaitedFor) {
  run_ranks_in_world(2, [](int rank, ThreadWorld& world) {
    const auto a = world.make_communicator(rank, {0, 1}, "a");
    const auto b = world.make_communicator(rank, {0, 1}, "b");
    const at::Tensor x = at::ones({100000}), y = at::ones({100000});
    const comm::Work on_a = a->all_reduce(x, ReduceOp::sum, kStream);
    const comm::Work on_b = b->all_reduce(y, ReduceOp::sum, kStream);
    (rank == 0 ? on_a : on_b).wait(kStream);
    (rank == 0 ? on_b : on_a).wait(kStream);
    EXPECT_EQ((x + y).sum().item().toDouble(), 400000);
  });
}

TEST(ThreadWorld, IsAbortedFromAnyThread) {
  const std::string failure = failure_of(2, [](int rank, ThreadWorld& world) {
    const auto comm = world.make_communicator(rank, {0, 1}, "dp");
    if (rank == 0) {
      std::thread watchdog([&] { comm->abort("watchdog: step took too long"); });
      watchdog.join();
      EXPECT_THROW(comm->all_reduce(at::ones({1}), ReduceOp::sum, kStream), comm::CommError);
    }
    comm->barrier();
  });
  EXPECT_NE(failure.find("watchdog: step took too long"), std::string::npos) << failure;
}

TEST(ThreadWorld, KeepsGroupsOfTheSameRanksApart) {
  run_ranks_in_world(4, [](int rank, ThreadWorld& world) {
    const int pair = rank / 2 * 2;
    const auto tp = world.make_communicator(rank, {pair, pair + 1}, "tp");
    const auto cp = world.make_communicator(rank, {pair, pair + 1}, "cp");
    const auto all = world.make_communicator(rank, {0, 1, 2, 3}, "all");
    const at::Tensor x = at::full({1}, rank), y = at::full({1}, 10 * rank), z = at::full({1}, 100 * rank);
    const auto on_all = all->all_reduce(z, ReduceOp::sum, kStream);
    const auto on_cp = cp->all_reduce(y, ReduceOp::max, kStream);
    const auto on_tp = tp->all_reduce(x, ReduceOp::min, kStream);
    for (const auto& work : {on_tp, on_cp, on_all}) work.wait(kStream);
    EXPECT_EQ(x.item().toDouble(), pair);
    EXPECT_EQ(y.item().toDouble(), 10 * (pair + 1));
    EXPECT_EQ(z.item().toDouble(), 600);
  });
}

}  // namespace
}  // namespace titan::test
