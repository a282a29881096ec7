// Cross entropy of logits that lie on several ranks against that of the whole logits.
#include "runtime/parallel/tensor/loss_parallel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "runtime/ops/cross_entropy.h"
#include "tests/support/run_ranks.h"

namespace titan::parallel {
namespace {

constexpr int64_t kB = 3, kS = 5, kV = 24;  // 1 to 4 ranks divide the vocabulary

struct Case {
  std::string name;
  at::Tensor logits;  // float64
  at::Tensor labels;
};

at::Tensor spread_labels() { return (at::arange(kB * kS, at::kLong) * 7 % kV).view({kB, kS}); }

std::vector<Case> all_cases() {
  const auto logits = at::randn({kB, kS, kV}, at::kDouble) * 3;
  const auto ignored = (at::arange(kB * kS, at::kLong) % 4).view({kB, kS}).eq(1);
  const auto large = at::randn({kB, kS, kV}, at::kDouble).sign() * 1e4;
  return {
      {"labels everywhere", logits, spread_labels()},
      {"some labels ignored", logits, spread_labels().masked_fill(ignored, ops::kIgnoredLabel)},
      {"all labels ignored", logits, at::full({kB, kS}, ops::kIgnoredLabel, at::kLong)},
      {"all labels on the first rank", logits, spread_labels() % 6},
      {"all labels on the last rank", logits, spread_labels() % 6 + 18},
      {"logits of +-1e4", large, spread_labels()},
  };
}

struct LossAndGradient {
  at::Tensor loss, gradient;
};

template <class Loss>
LossAndGradient differentiate(const at::Tensor& logits, const Loss& loss_of) {
  const auto leaf = logits.detach().clone().requires_grad_(true);
  const auto loss = loss_of(leaf);
  // A factor that is not 1 shows that the incoming gradient counts.
  return {loss.detach(), torch::autograd::grad({loss * 0.5}, {leaf}).front()};
}

/// Each rank has its columns; gives every rank's loss and the gradient of all columns.
std::pair<std::vector<at::Tensor>, at::Tensor> on_ranks(const at::Tensor& logits, const at::Tensor& labels,
                                                        int num_ranks, bool fused) {
  std::vector<at::Tensor> losses(num_ranks), gradients(num_ranks);
  test::run_ranks(num_ranks, [&](comm::Communicator& comm) {
    const int64_t count = kV / num_ranks;
    auto [loss, gradient] = differentiate(logits.narrow(2, comm.rank() * count, count), [&](const at::Tensor& columns) {
      return vocab_parallel_cross_entropy_sum(columns, labels, {.comm = comm, .stream = {}}, fused);
    });
    losses[comm.rank()] = loss;
    gradients[comm.rank()] = gradient;
  });
  return {losses, at::cat(gradients, 2)};
}

double largest(const at::Tensor& x) { return x.to(at::kDouble).abs().max().item<double>(); }

/// Relative to the loss, and to the gradient's largest possible entry, 0.5.
void expect_equal_on_ranks(const Case& one, at::ScalarType dtype, bool fused, double loss_error,
                           double gradient_error) {
  const auto logits = one.logits.to(dtype);
  const auto expected =
      differentiate(logits, [&](const at::Tensor& whole) { return ops::cross_entropy_sum(whole, one.labels); });
  for (int num_ranks = 1; num_ranks <= 4; ++num_ranks) {
    SCOPED_TRACE(one.name + ", ranks " + std::to_string(num_ranks) + (fused ? ", fused" : ""));
    const auto [losses, gradient] = on_ranks(logits, one.labels, num_ranks, fused);
    for (const auto& loss : losses) {
      EXPECT_EQ(loss.scalar_type(), expected.loss.scalar_type());
      EXPECT_TRUE(at::isfinite(loss).item<bool>());
      EXPECT_EQ(loss.item<double>(), losses.front().item<double>()) << "ranks agree to the bit";
      EXPECT_LE(largest(loss - expected.loss), loss_error * largest(expected.loss));
    }
    EXPECT_EQ(gradient.scalar_type(), dtype);
    EXPECT_LE(largest(gradient.to(at::kDouble) - expected.gradient.to(at::kDouble)), 0.5 * gradient_error);
  }
}

class VocabParallelCrossEntropy : public testing::TestWithParam<bool> {};

TEST_P(VocabParallelCrossEntropy, EqualsThatOfTheWholeLogitsInFloat64) {
  for (const auto& one : all_cases()) expect_equal_on_ranks(one, at::kDouble, GetParam(), 1e-12, 1e-12);
}

// Rounding: 2^-24 relative for each of a handful of operations on numbers up to 10. Larger logits cost nothing more:
// each token's logsumexp is kept in float64.
TEST_P(VocabParallelCrossEntropy, EqualsThatOfTheWholeLogitsInFloat32) {
  for (const auto& one : all_cases()) expect_equal_on_ranks(one, at::kFloat, GetParam(), 1e-6, 2e-6);
}

// Logits are rounded alike on both sides and computed with in float32; gradients are rounded to 2^-9 at the end, and
// two that differ in float32 may round to neighbours.
TEST_P(VocabParallelCrossEntropy, EqualsThatOfTheWholeLogitsInBfloat16) {
  for (const auto& one : all_cases()) expect_equal_on_ranks(one, at::kBFloat16, GetParam(), 1e-6, 1.0 / 256);
}

TEST_P(VocabParallelCrossEntropy, RefusesLabelsOfAnotherShape) {
  test::run_ranks(2, [](comm::Communicator& comm) {
    EXPECT_THROW(vocab_parallel_cross_entropy_sum(at::zeros({2, 3, 4}), at::zeros({2, 4}, at::kLong),
                                                  {.comm = comm, .stream = {}}, GetParam()),
                 c10::Error);
  });
}

TEST_P(VocabParallelCrossEntropy, RefusesLabelsThatNoRankHas) {
  test::run_ranks(2, [](comm::Communicator& comm) {
    for (const int64_t wrong : {int64_t{8}, int64_t{-1}}) {  // 4 words on each of 2 ranks
      EXPECT_THROW(vocab_parallel_cross_entropy_sum(at::zeros({2, 3, 4}), at::full({2, 3}, wrong, at::kLong),
                                                    {.comm = comm, .stream = {}}, GetParam()),
                   c10::Error);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(PlainAndFused, VocabParallelCrossEntropy, testing::Bool(),
                         [](const auto& one) { return one.param ? "fused" : "plain"; });

}  // namespace
}  // namespace titan::parallel
