#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/rms_norm.h"
#include "runtime/ops/rope.h"
#include "runtime/ops/swiglu.h"
#include "tests/runtime/ops/gradients.h"

namespace titan::ops {
namespace {

constexpr double kEps = 1e-5;

// Tolerances: float32 keeps 24 bits and sums a few hundred terms; bfloat16 results keep 8 bits, 2⁻⁸ = 4e-3 at most, and
// one step more in gradients.
const std::vector<std::pair<at::ScalarType, double>> kDtypes{
    {at::kFloat, 3e-6}, {at::kDouble, 1e-14}, {at::kBFloat16, 1.2e-2}};

/// Expects values and gradients of `ours` in every dtype to equal `exact`'s in float64 on the same (rounded) inputs.
void expect_equal(const TensorFunction& ours, const TensorFunction& exact, const std::vector<at::Tensor>& inputs) {
  for (const auto& [dtype, tolerance] : kDtypes) {
    std::vector<at::Tensor> rounded, wide;
    for (const auto& input : inputs) {
      rounded.push_back(input.to(dtype));
      wide.push_back(rounded.back().to(at::kDouble));
    }
    EXPECT_LT(relative_error(ours(rounded), exact(wide)), tolerance) << dtype;
    const auto gradients_ours = gradients(ours, rounded), gradients_exact = gradients(exact, wide);
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_EQ(gradients_ours[i].scalar_type(), dtype);
      EXPECT_LT(relative_error(gradients_ours[i], gradients_exact[i]), tolerance) << dtype << " " << i;
    }
  }
}

at::Tensor random(at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); }

TEST(RmsNorm, DividesByTheRootMeanSquareWithGradients) {
  const TensorFunction ours = [](const auto& in) { return rms_norm(in[0], in[1], kEps); };
  const TensorFunction exact = [](const auto& in) {
    return in[0].div(in[0].square().mean(-1, /*keepdim=*/true).add(kEps).sqrt()).mul(in[1]);
  };
  expect_equal(ours, exact, {random({3, 50, 70}), random({70})});
  EXPECT_LT(finite_difference_error(ours, {random({4, 6}), random({6})}), 1e-7);
}

TEST(RmsNorm, RefusesAWeightOfAnotherSize) { EXPECT_THROW(rms_norm(random({3, 5}), random({4}), kEps), c10::Error); }

at::Tensor angles(int64_t length, int64_t num_pairs) {
  const auto angle = at::arange(length, at::kDouble).unsqueeze(1).mul(at::arange(1, num_pairs + 1, at::kDouble));
  return at::stack({angle.cos(), angle.sin()}, -1).to(at::kFloat);
}

TEST(Rope, RotatesInterleavedPairsWithGradients) {
  const auto table = angles(20, 3);
  const TensorFunction ours = [&](const auto& in) { return rope(in[0], table); };
  const TensorFunction exact = [&](const auto& in) {
    const auto pairs = in[0].unflatten(-1, {-1, 2});
    const auto turns = table.to(at::kDouble).narrow(0, 0, in[0].size(1)).unsqueeze(1);
    const auto even = pairs.select(-1, 0), odd = pairs.select(-1, 1), c = turns.select(-1, 0), s = turns.select(-1, 1);
    return at::stack({even.mul(c).sub(odd.mul(s)), even.mul(s).add(odd.mul(c))}, -1).flatten(-2);
  };
  expect_equal(ours, exact, {random({2, 17, 5, 6})});
  expect_equal(ours, exact, {random({2, 5, 17, 6}).transpose(1, 2)});
  EXPECT_LT(finite_difference_error(ours, {random({1, 4, 2, 6})}), 1e-7);
}

TEST(Rope, KeepsInnerProductsOfEqualDistance) {
  const auto q = random({1, 1, 1, 6}).expand({1, 20, 1, 6}), k = random({1, 1, 1, 6}).expand({1, 20, 1, 6});
  const auto table = angles(20, 3);
  const auto product = rope(q, table).narrow(1, 5, 15).mul(rope(k, table).narrow(1, 0, 15)).sum(-1);
  EXPECT_LT(relative_error(product, product[0][0][0].expand_as(product)), 1e-6);  // the table is float32
}

TEST(Rope, RefusesAShortOrForeignTable) {
  EXPECT_THROW(rope(random({1, 21, 1, 6}), angles(20, 3)), c10::Error);
  EXPECT_THROW(rope(random({1, 4, 1, 8}), angles(20, 3)), c10::Error);
}

TEST(SwiGlu, EqualsTheCompositeWithGradients) {
  const TensorFunction ours = [](const auto& in) { return swiglu(in[0], in[1]); };
  const TensorFunction exact = [](const auto& in) { return at::silu(in[0]).mul(in[1]); };
  expect_equal(ours, exact, {random({7, 33, 65}).mul(4), random({7, 33, 65})});
  EXPECT_LT(finite_difference_error(ours, {random({3, 4}), random({3, 4})}), 1e-7);
}

TEST(CrossEntropy, SumsOverCountingTokensWithGradients) {
  auto labels = at::randint(50, {4, 30}, at::kLong);
  labels.narrow(1, 0, 3).fill_(kIgnoredLabel);
  const TensorFunction ours = [&](const auto& in) { return cross_entropy_sum(in[0], labels); };
  const TensorFunction exact = [&](const auto& in) {
    return at::cross_entropy_loss(in[0].flatten(0, 1), labels.flatten(), {}, /*reduction: sum*/ 2);
  };
  expect_equal(ours, exact, {random({4, 30, 50}).mul(5)});
  EXPECT_LT(finite_difference_error(ours, {random({4, 30, 50}).narrow(2, 0, 50)}), 1e-6);
  EXPECT_EQ(cross_entropy_sum(random({4, 30, 50}).to(at::kBFloat16), labels).scalar_type(), at::kFloat);
}

TEST(CrossEntropy, IsZeroWithoutCountingTokens) {
  const auto labels = at::randint(5, {2, 3}, at::kLong).fill_(kIgnoredLabel);
  EXPECT_EQ(cross_entropy_sum(random({2, 3, 5}), labels).item<double>(), 0.0);
}

TEST(CrossEntropy, RefusesLabelsOfAnotherShape) {
  EXPECT_THROW(cross_entropy_sum(random({2, 3, 5}), at::randint(5, {6}, at::kLong)), c10::Error);
}

}  // namespace
}  // namespace titan::ops
