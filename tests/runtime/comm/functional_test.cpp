#include "runtime/comm/functional.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/runtime/comm/test_tensors.h"
#include "tests/support/run_ranks.h"

namespace titan::test {
namespace {

using comm::Communicator;
using comm::ReduceOp;

using Collective = std::function<at::Tensor(const at::Tensor&, Communicator&)>;

double sum_over_ranks(const at::Tensor& local, Communicator& comm) {
  const at::Tensor sum = local.detach().clone();
  comm.all_reduce(sum, ReduceOp::sum, kStream).wait(kStream);
  return sum.item().toDouble();
}

at::Tensor gradient(const at::Tensor& y, const at::Tensor& x, const at::Tensor& seed) {
  return torch::autograd::grad({y}, {x}, {seed}, /*retain_graph=*/true, /*create_graph=*/true)[0];
}

/// Checks, over all ranks, <A x, y> = <x, A^T y> for random x and y, and that the transpose's transpose is A again.
void expect_transposed(Communicator& comm, const std::vector<int64_t>& sizes, const Collective& map) {
  const at::Tensor x = random_tensor(comm.rank(), sizes, at::kDouble).requires_grad_();
  const at::Tensor image = map(x, comm);
  const at::Tensor y = random_tensor(50 + comm.rank(), image.sizes().vec(), at::kDouble).requires_grad_();
  const at::Tensor pulled_back = gradient(image, x, y);
  EXPECT_NEAR(sum_over_ranks((image * y).sum(), comm), sum_over_ranks((x * pulled_back).sum(), comm), 1e-12);

  const at::Tensor z = random_tensor(90 + comm.rank(), sizes, at::kDouble);
  EXPECT_TRUE(same_bits(gradient(pulled_back, y, z), map(z, comm)));
}

class FunctionalOfSize : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes, FunctionalOfSize, testing::Values(1, 2, 3, 4));

TEST_P(FunctionalOfSize, EveryCollectiveHasItsTransposeAsBackward) {
  run_ranks(GetParam(), [](Communicator& group) {
    expect_transposed(group, {3, 4}, [](auto& x, auto& comm) { return comm::all_reduce(x, comm, kStream); });
    for (const int64_t dim : {0, 1, 2, -1}) {
      expect_transposed(group, {2, 3, 4}, [&](auto& x, auto& comm) { return comm::all_gather(x, dim, comm, kStream); });
      expect_transposed(group, {12, 12, 24},
                        [&](auto& x, auto& comm) { return comm::reduce_scatter(x, dim, comm, kStream); });
    }
    expect_transposed(group, {12, 2}, [](auto& x, auto& comm) { return comm::all_to_all(x, {}, {}, comm, kStream); });
    // Rank r sends r + p rows to rank p.
    std::vector<int64_t> splits;
    int64_t rows = 0;
    for (int peer = 0; peer < group.size(); ++peer) {
      splits.push_back(group.rank() + peer);
      rows += splits.back();
    }
    expect_transposed(group, {rows, 2},
                      [&](auto& x, auto& comm) { return comm::all_to_all(x, splits, splits, comm, kStream); });
  });
}

TEST(AllGather, ConcatenatesAlongAnyDim) {
  for (const int64_t dim : {0, 1, 2}) {
    std::vector<at::Tensor> parts;
    for (int rank = 0; rank < 3; ++rank) parts.push_back(random_tensor(rank, {2, 3, 4}));
    run_ranks(3, [&](Communicator& comm) {
      // A transposed input: any strides are welcome.
      const at::Tensor strided = parts[comm.rank()].transpose(0, 2).contiguous().transpose(0, 2);
      EXPECT_TRUE(same_bits(comm::all_gather(strided, dim, comm, kStream), at::cat(parts, dim)));
    });
  }
}

TEST(ReduceScatter, GivesEachRankItsPartOfTheSumAlongAnyDim) {
  for (const int64_t dim : {0, 1, 2}) {
    std::vector<at::Tensor> inputs;
    for (int rank = 0; rank < 3; ++rank) inputs.push_back(random_tensor(rank, {6, 3, 9}));
    const at::Tensor sum = sum_in_order(inputs);
    run_ranks(3, [&](Communicator& comm) {
      const at::Tensor part = comm::reduce_scatter(inputs[comm.rank()], dim, comm, kStream);
      EXPECT_TRUE(same_bits(part, sum.chunk(3, dim)[comm.rank()]));
    });
  }
}

TEST(ReduceScatter, RefusesADimThatDoesNotDivide) {
  EXPECT_THROW(run_ranks(2,
                         [](Communicator& comm) {
                           comm::reduce_scatter(at::ones({3, 4}), 0, comm, kStream);
                         }),
               comm::RankFailure);
}

TEST(FunctionalChain, HasTheGradientOfFiniteDifferences) {
  // loss = sum over ranks of sum sin(reduce_scatter(gather(sin x) * w)); every rank perturbs one element of rank 1's x.
  run_ranks(3, [](Communicator& comm) {
    const at::Tensor w = random_tensor(20 + comm.rank(), {2, 6}, at::kDouble);
    const auto loss = [&](const at::Tensor& x) {
      const at::Tensor full = comm::all_gather(x.sin(), 1, comm, kStream);
      return comm::reduce_scatter(full * w, 1, comm, kStream).sin().sum();
    };
    const at::Tensor x = random_tensor(comm.rank(), {2, 2}, at::kDouble).requires_grad_();
    const at::Tensor slope = torch::autograd::grad({loss(x)}, {x})[0];
    const double h = 1e-6;
    for (int64_t i = 0; i < 4; ++i) {
      const auto total = [&](double by) {
        const at::Tensor moved = x.detach().clone();
        if (comm.rank() == 1) moved.view(-1)[i] += by;
        return sum_over_ranks(loss(moved), comm);
      };
      const double difference = (total(h) - total(-h)) / (2 * h);
      if (comm.rank() == 1) {
        EXPECT_NEAR(slope.view(-1)[i].item().toDouble(), difference, 1e-8);
      }
    }
  });
}

TEST(TensorParallel, FeedForwardEqualsTheWholeOneForwardAndBackward) {
  // Columns of w1 and rows of w2 are split; x and the loss are the same on every rank.
  const at::Tensor x = random_tensor(1, {5, 4}, at::kDouble);
  const at::Tensor w1 = random_tensor(2, {4, 6}, at::kDouble), w2 = random_tensor(3, {6, 4}, at::kDouble);
  const at::Tensor whole_x = x.clone().requires_grad_();
  const at::Tensor whole_y = at::relu(whole_x.mm(w1)).mm(w2);
  const at::Tensor whole_gradient = torch::autograd::grad({whole_y.square().sum()}, {whole_x})[0];
  run_ranks(3, [&](Communicator& comm) {
    const at::Tensor local_x = x.clone().requires_grad_();
    const at::Tensor hidden = at::relu(comm::copy_to_group(local_x, comm, kStream).mm(w1.chunk(3, 1)[comm.rank()]));
    const at::Tensor y = comm::reduce_from_group(hidden.mm(w2.chunk(3, 0)[comm.rank()]), comm, kStream);
    const at::Tensor local_gradient = torch::autograd::grad({y.square().sum()}, {local_x})[0];
    EXPECT_TRUE(y.allclose(whole_y, 1e-12, 1e-12));
    EXPECT_TRUE(local_gradient.allclose(whole_gradient, 1e-12, 1e-12));
  });
}

TEST(TensorParallel, SplitThenGatherIsTheIdentityForwardAndBackward) {
  run_ranks(4, [](Communicator& comm) {
    for (const int64_t dim : {0, 1, -1}) {
      const at::Tensor x = random_tensor(7, {4, 8}, at::kDouble).requires_grad_();
      const at::Tensor part = comm::split_to_group(x, dim, comm, kStream);
      EXPECT_TRUE(same_bits(part, x.chunk(4, dim)[comm.rank()]));
      const at::Tensor y = comm::gather_from_group(part, dim, comm, kStream);
      EXPECT_TRUE(same_bits(y, x));
      const at::Tensor seed = random_tensor(8, {4, 8}, at::kDouble);
      EXPECT_TRUE(same_bits(torch::autograd::grad({y}, {x}, {seed})[0], seed));
    }
  });
}

TEST(Functional, RecordsNoGraphForInputsWithoutGradient) {
  run_ranks(
      2, [](Communicator& comm) { EXPECT_FALSE(comm::all_gather(at::ones({2}), 0, comm, kStream).requires_grad()); });
}

}  // namespace
}  // namespace titan::test
