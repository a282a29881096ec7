#include "runtime/comm/thread_communicator.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "tests/runtime/comm/test_tensors.h"
#include "tests/support/run_ranks.h"

namespace titan::test {
namespace {

using comm::Communicator;
using comm::ReduceOp;
using comm::Work;

std::vector<at::Tensor> inputs_of_all(int size, const std::vector<int64_t>& sizes, at::ScalarType dtype) {
  std::vector<at::Tensor> inputs;
  for (int rank = 0; rank < size; ++rank) inputs.push_back(random_tensor(rank + 1, sizes, dtype));
  return inputs;
}

class ThreadCommunicatorOfSize : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ThreadCommunicatorOfSize, testing::Range(1, 9));

TEST_P(ThreadCommunicatorOfSize, AllReduceSumsInRankOrder) {
  for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf, at::kLong, at::kInt, at::kByte}) {
    const auto inputs = inputs_of_all(GetParam(), {5, 7}, dtype);
    run_ranks(GetParam(), [&](Communicator& comm) {
      const at::Tensor tensor = inputs[comm.rank()].clone();
      comm.all_reduce(tensor, ReduceOp::sum, kStream).wait(kStream);
      EXPECT_TRUE(same_bits(tensor, sum_in_order(inputs))) << dtype;
    });
  }
}

TEST_P(ThreadCommunicatorOfSize, AllGatherConcatenatesInRankOrder) {
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kByte, at::kLong, at::kBool}) {
    const auto inputs = inputs_of_all(GetParam(), {3, 2}, dtype);
    run_ranks(GetParam(), [&](Communicator& comm) {
      const at::Tensor full = at::empty({3 * comm.size(), 2}, dtype);
      comm.all_gather(inputs[comm.rank()], full, kStream).wait(kStream);
      EXPECT_TRUE(same_bits(full, at::cat(inputs))) << dtype;
    });
  }
}

TEST_P(ThreadCommunicatorOfSize, AllReduceIsReduceScatterThenAllGather) {
  // 70000 floats per rank: several chunks for the reduction to share.
  const int64_t rows = 70000;
  run_ranks(GetParam(), [&](Communicator& comm) {
    const at::Tensor input = random_tensor(comm.rank(), {rows * comm.size()});
    const at::Tensor shard = at::empty({rows}, at::kFloat);
    const at::Tensor gathered = at::empty_like(input);
    comm.reduce_scatter(input, shard, ReduceOp::avg, kStream).wait(kStream);
    comm.all_gather(shard, gathered, kStream).wait(kStream);
    comm.all_reduce(input, ReduceOp::avg, kStream).wait(kStream);
    EXPECT_TRUE(same_bits(input, gathered));
  });
}

TEST_P(ThreadCommunicatorOfSize, AllToAllTransposesBlocks) {
  // Rank r sends r + p + 1 rows filled with 10 r + p to rank p, so it receives r + p + 1 rows of 10 p + r.
  run_ranks(GetParam(), [](Communicator& comm) {
    std::vector<at::Tensor> sent, expected;
    std::vector<int64_t> splits;
    for (int peer = 0; peer < comm.size(); ++peer) {
      splits.push_back(comm.rank() + peer + 1);
      sent.push_back(at::full({splits.back(), 3}, 10.0 * comm.rank() + peer));
      expected.push_back(at::full({splits.back(), 3}, 10.0 * peer + comm.rank()));
    }
    const at::Tensor received = at::empty_like(at::cat(sent));
    comm.all_to_all(at::cat(sent), received, splits, splits, kStream).wait(kStream);
    EXPECT_TRUE(same_bits(received, at::cat(expected)));
  });
}

TEST_P(ThreadCommunicatorOfSize, BroadcastTakesTheRootsTensor) {
  for (int root = 0; root < GetParam(); ++root) {
    run_ranks(GetParam(), [&](Communicator& comm) {
      const at::Tensor tensor = random_tensor(comm.rank(), {4}, at::kDouble);
      comm.broadcast(tensor, root, kStream).wait(kStream);
      EXPECT_TRUE(same_bits(tensor, random_tensor(root, {4}, at::kDouble)));
    });
  }
}

TEST_P(ThreadCommunicatorOfSize, EmptyTensorsPassThroughEveryOperation) {
  run_ranks(GetParam(), [](Communicator& comm) {
    const at::Tensor empty = at::empty({0, 3}, at::kFloat);
    comm.all_reduce(empty.clone(), ReduceOp::sum, kStream).wait(kStream);
    comm.all_gather(empty, empty.clone(), kStream).wait(kStream);
    comm.reduce_scatter(empty, empty.clone(), ReduceOp::max, kStream).wait(kStream);
    comm.all_to_all(empty, empty.clone(), {}, {}, kStream).wait(kStream);
    comm.broadcast(empty.clone(), 0, kStream).wait(kStream);
    comm.barrier();
  });
}

TEST(ReduceScatter, IsTransposeOfAllGather) {
  // sum over ranks of <all_gather(x)_r, y_r> = sum over ranks of <x_r, reduce_scatter(y)_r>
  run_ranks(4, [](Communicator& comm) {
    const at::Tensor x = random_tensor(comm.rank(), {6}, at::kDouble);
    const at::Tensor y = random_tensor(100 + comm.rank(), {24}, at::kDouble);
    const at::Tensor gathered = at::empty({24}, at::kDouble);
    const at::Tensor scattered = at::empty({6}, at::kDouble);
    comm.all_gather(x, gathered, kStream).wait(kStream);
    comm.reduce_scatter(y, scattered, ReduceOp::sum, kStream).wait(kStream);
    const at::Tensor left = gathered.dot(y);
    const at::Tensor right = x.dot(scattered);
    comm.all_reduce(left, ReduceOp::sum, kStream).wait(kStream);
    comm.all_reduce(right, ReduceOp::sum, kStream).wait(kStream);
    EXPECT_NEAR(left.item().toDouble(), right.item().toDouble(), 1e-13);
  });
}

TEST(ThreadCommunicator, GivesTheSameBitsToEveryRank) {
  std::vector<at::Tensor> results(5);
  run_ranks(5, [&](Communicator& comm) {
    const at::Tensor tensor = random_tensor(comm.rank(), {100003});
    comm.all_reduce(tensor, ReduceOp::sum, kStream).wait(kStream);
    results[comm.rank()] = tensor;
  });
  for (const at::Tensor& result : results) EXPECT_TRUE(same_bits(result, results[0]));
}

TEST(ThreadCommunicator, HoldsPoisonBetweenIssueAndWaitEvenOnceThePeersHaveCome) {
  run_ranks(3, [](Communicator& comm) {
    const at::Tensor reduced = at::ones({1000}, at::kFloat);
    const at::Tensor shard = at::ones({4}, at::kBFloat16);
    const at::Tensor gathered = at::zeros({12}, at::kBFloat16);
    const at::Tensor bytes = at::zeros({12}, at::kByte);
    const at::Tensor counts = at::zeros({3}, at::kLong);
    const std::vector<Work> works = {
        comm.all_reduce(reduced, ReduceOp::sum, kStream),
        comm.all_gather(shard, gathered, kStream),
        comm.all_gather(at::ones({4}, at::kByte), bytes, kStream),
        comm.all_to_all(at::ones({3}, at::kLong), counts, {}, {}, kStream),
    };
    comm.barrier();  // every rank has issued everything
    EXPECT_TRUE(at::isnan(reduced).all().item().toBool());
    EXPECT_TRUE(at::isnan(gathered).all().item().toBool());
    EXPECT_TRUE(at::isnan(bytes.view(at::kFloat)).all().item().toBool());  // a byte buffer shows NaN in any dtype
    EXPECT_TRUE(counts.eq(-1).all().item().toBool());
    EXPECT_TRUE(shard.eq(1).all().item().toBool());  // inputs stay
    for (const Work& work : works) work.wait(kStream);
    EXPECT_TRUE(reduced.eq(3).all().item().toBool());
    EXPECT_TRUE(gathered.eq(1).all().item().toBool());
    EXPECT_TRUE(bytes.eq(1).all().item().toBool());
    EXPECT_TRUE(counts.eq(1).all().item().toBool());
  });
}

TEST(ThreadCommunicator, LetsTheCallerOverwriteInputsAfterItsOwnWait) {
  // Rank 0 waits and overwrites before any peer reads: peers wait only after the barrier on another communicator.
  run_ranks_in_world(3, [](int rank, comm::ThreadWorld& world) {
    const auto data = world.make_communicator(rank, {0, 1, 2}, "data");
    const auto order = world.make_communicator(rank, {0, 1, 2}, "order");
    const at::Tensor shard = at::full({1000}, rank + 1.0);
    const at::Tensor full = at::empty({3000}, at::kDouble).to(shard.scalar_type());
    const at::Tensor scattered = at::empty({1000}, shard.options());
    const at::Tensor contribution = at::full({3000}, rank + 1.0);
    const at::Tensor told = at::full({5}, rank + 1.0);
    const std::vector<Work> works = {
        data->all_gather(shard, full, kStream),
        data->reduce_scatter(contribution, scattered, ReduceOp::sum, kStream),
        data->broadcast(told, 0, kStream),
    };
    const auto finish = [&] {
      for (const Work& work : works) work.wait(kStream);
      EXPECT_EQ(full.sum().item().toDouble(), 1000 * (1 + 2 + 3));
      EXPECT_EQ(scattered.sum().item().toDouble(), 1000 * (1 + 2 + 3));
      EXPECT_EQ(told.sum().item().toDouble(), 5 * 1);
      for (const at::Tensor& input : {shard, contribution, told}) input.fill_(-1e9);
    };
    if (rank == 0) finish();
    order->barrier();
    if (rank != 0) finish();
  });
}

TEST(ThreadCommunicator, GathersInPlace) {
  run_ranks(4, [](Communicator& comm) {
    const at::Tensor full = at::full({8}, -1.0);
    const at::Tensor shard = full.narrow(0, 2 * comm.rank(), 2).fill_(comm.rank());
    comm.all_gather(shard, full, kStream).wait(kStream);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(full[i].item().toDouble(), i / 2);
  });
}

TEST(ThreadCommunicator, WaitsInAnyOrderAndRepeatedly) {
  run_ranks(4, [](Communicator& comm) {
    const at::Tensor a = at::ones({3}, at::kFloat), b = at::ones({3}, at::kFloat);
    const Work first = comm.all_reduce(a, ReduceOp::sum, kStream);
    const Work second = comm.all_reduce(b, ReduceOp::max, kStream);
    second.wait(kStream);
    first.wait_host();
    first.wait(kStream);
    EXPECT_EQ(a.sum().item().toDouble(), 12);
    EXPECT_EQ(b.sum().item().toDouble(), 3);
  });
}

TEST(ThreadCommunicator, GoesOnAfterAWorkIsDropped) {
  run_ranks(3, [](Communicator& comm) {
    for (int i = 0; i < 20; ++i) {
      const at::Tensor shard = at::full({2}, comm.rank());
      const at::Tensor full = at::empty({6}, shard.options());
      Work work = comm.all_gather(shard, full, kStream);
      if (comm.rank() == i % 3) work = Work();
      work.wait(kStream);
      if (comm.rank() != i % 3) {
        EXPECT_EQ(full.sum().item().toDouble(), 2 * (0 + 1 + 2));
      }
    }
  });
}

TEST(ThreadCommunicator, FreesTensorsOnceTheCallerHasWaited) {
  run_ranks(2, [](Communicator& comm) {
    const at::Tensor shard = at::ones({4}, at::kFloat);
    const at::Tensor full = at::empty({8}, at::kFloat);
    comm.all_gather(shard, full, kStream).wait(kStream);
    EXPECT_EQ(shard.use_count(), 1u);
    EXPECT_EQ(full.use_count(), 1u);
  });
}

TEST(ThreadCommunicator, RefusesBrokenContractsByOperationRuleAndValues) {
  run_ranks(1, [](Communicator& comm) {
    const auto message = [](const std::function<void()>& call) -> std::string {
      try {
        call();
      } catch (const c10::Error& error) {
        return error.what_without_backtrace();
      }
      return "no error";
    };
    EXPECT_EQ(message([&] {
                comm.all_gather(at::ones({3, 4}), at::ones({8, 4}), kStream);
              }),
              "all_gather: full must hold size() shards: full=[8, 4] shard=[3, 4] size=1");
    EXPECT_EQ(message([&] {
                comm.all_reduce(at::ones({3, 4}).t(), ReduceOp::sum, kStream);
              }),
              "all_reduce: tensor must be contiguous: sizes=[4, 3] strides=[1, 4]");
    EXPECT_EQ(message([&] { comm.all_reduce(at::ones({2}, at::kLong), ReduceOp::avg, kStream); }),
              "all_reduce: avg needs a floating dtype: dtype=int64");
    EXPECT_EQ(message([&] { comm.broadcast(at::ones({2}), 1, kStream); }),
              "broadcast: root must be a rank of the communicator: root=1 size=1");
    EXPECT_EQ(
        message([&] { comm.all_to_all(at::ones({2}), at::ones({2}), {1}, {}, kStream); }),
        "all_to_all: send_splits must be size() counts that add up to the rows of send: splits=[1] send=[2] size=1");
  });
}

}  // namespace
}  // namespace titan::test
