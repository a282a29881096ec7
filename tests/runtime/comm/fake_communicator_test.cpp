#include "runtime/comm/fake_communicator.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "runtime/comm/comm_error.h"
#include "runtime/comm/solo_communicator.h"
#include "tests/runtime/comm/test_tensors.h"

namespace titan::comm {
namespace {

using test::kStream;
using test::same_bits;

TEST(FakeCommunicator, RepeatsTheShardInGathers) {
  FakeCommunicator comm(511, 512, "dp");
  const at::Tensor shard = test::random_tensor(1, {2, 3}, at::kBFloat16);
  const at::Tensor full = at::empty({1024, 3}, at::kBFloat16);
  comm.all_gather(shard, full, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(full, at::cat(std::vector<at::Tensor>(512, shard))));
}

TEST(FakeCommunicator, GathersInPlace) {
  FakeCommunicator comm(1, 3, "dp");
  const at::Tensor full = at::arange(6);
  comm.all_gather(full.narrow(0, 2, 2), full, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(full, at::cat(std::vector<at::Tensor>(3, at::arange(2, 4)))));
}

TEST(FakeCommunicator, GivesItsOwnChunkInReduceScatter) {
  FakeCommunicator comm(2, 4, "dp");
  const at::Tensor shard = at::empty({2}, at::kLong);
  comm.reduce_scatter(at::arange(8), shard, ReduceOp::sum, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(shard, at::arange(4, 6)));
}

TEST(FakeCommunicator, LeavesTheDataInAllReduceAndBroadcast) {
  FakeCommunicator comm(0, 4, "dp");
  const at::Tensor tensor = test::random_tensor(1, {5});
  const at::Tensor before = tensor.clone();
  comm.all_reduce(tensor, ReduceOp::sum, kStream).wait(kStream);
  comm.all_reduce(tensor, ReduceOp::avg, kStream).wait(kStream);
  comm.broadcast(tensor, 3, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(tensor, before));
}

TEST(FakeCommunicator, CopiesInAllToAllAndFillsSplitsFromTheFirstRows) {
  FakeCommunicator comm(0, 3, "ep");
  const at::Tensor send = at::arange(6);
  const at::Tensor equal = at::empty_like(send);
  comm.all_to_all(send, equal, {}, {}, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(equal, send));

  const at::Tensor split = at::empty({10}, at::kLong);
  comm.all_to_all(send, split, {1, 2, 3}, {2, 0, 8}, kStream).wait(kStream);
  // Two rows for rank 0, none for rank 1, eight for rank 2: all six, then the first two again.
  EXPECT_TRUE(same_bits(split, at::cat({at::arange(2), at::arange(6), at::arange(2)})));

  const at::Tensor from_nothing = at::ones({2}, at::kLong);
  comm.all_to_all(at::empty({0}, at::kLong), from_nothing, {0, 0, 0}, {1, 1, 0}, kStream).wait(kStream);
  EXPECT_TRUE(same_bits(from_nothing, at::zeros({2}, at::kLong)));
}

TEST(FakeCommunicator, ChecksTheContractLikeARealOne) {
  FakeCommunicator comm(0, 3, "dp");
  EXPECT_THROW(comm.all_gather(at::ones({3}), at::ones({8}), kStream), c10::Error);
  EXPECT_THROW(comm.broadcast(at::ones({3}), 3, kStream), c10::Error);
  EXPECT_THROW(FakeCommunicator(3, 3, "dp"), c10::Error);
}

TEST(FakeCommunicator, EndsWithTheReasonOfTheFirstAbort) {
  FakeCommunicator comm(0, 3, "dp");
  comm.barrier();
  comm.abort("out of patience");
  comm.abort("too late");
  try {
    comm.all_reduce(at::ones({1}), ReduceOp::sum, kStream);
    FAIL() << "no error";
  } catch (const CommError& error) {
    EXPECT_STREQ(error.what(), "out of patience");
  }
}

TEST(SoloCommunicator, IsTheIdentity) {
  SoloCommunicator comm("tp");
  EXPECT_EQ(comm.rank(), 0);
  EXPECT_EQ(comm.size(), 1);
  EXPECT_EQ(comm.name(), "tp");
  const at::Tensor x = test::random_tensor(1, {4, 2});
  const at::Tensor gathered = at::empty_like(x), scattered = at::empty_like(x), exchanged = at::empty_like(x);
  const at::Tensor reduced = x.clone();
  comm.all_gather(x, gathered, kStream).wait(kStream);
  comm.reduce_scatter(x, scattered, ReduceOp::avg, kStream).wait(kStream);
  comm.all_to_all(x, exchanged, {4}, {4}, kStream).wait(kStream);
  comm.all_reduce(reduced, ReduceOp::min, kStream).wait(kStream);
  comm.broadcast(reduced, 0, kStream).wait(kStream);
  comm.barrier();
  for (const at::Tensor& y : {gathered, scattered, exchanged, reduced}) EXPECT_TRUE(same_bits(y, x));
}

TEST(SoloCommunicator, TakesEmptyTensors) {
  SoloCommunicator comm("tp");
  const at::Tensor empty = at::empty({0, 4}, at::kFloat);
  comm.all_gather(empty, empty.clone(), kStream).wait(kStream);
  comm.all_to_all(empty, empty.clone(), {}, {}, kStream).wait(kStream);
}

TEST(SoloCommunicator, WritesTensorsThatRequireGradWithoutTheGraphKnowing) {
  SoloCommunicator comm("tp");
  const at::Tensor parameter = at::zeros({3}).requires_grad_();
  const auto version = parameter._version();
  comm.all_gather(at::ones({3}), parameter, kStream).wait(kStream);
  EXPECT_EQ(parameter.sum().item().toDouble(), 3);
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_EQ(parameter._version(), version);
}

}  // namespace
}  // namespace titan::comm
