#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "runtime/ops/fused/rms_norm.h"
#include "runtime/ops/fused/rope.h"
#include "runtime/ops/fused/swiglu.h"
#include "runtime/ops/rms_norm.h"
#include "runtime/ops/rope.h"
#include "runtime/ops/swiglu.h"
#include "tests/runtime/ops/fused/equivalence.h"

namespace titan::ops {
namespace {

// Large beside the 1e-5 of models, so that rows of one element, x / |x|, keep a gradient that float32 can show.
constexpr double kEps = 0.5;
constexpr int64_t kNumRows[] = {1, 3, 7};
constexpr int64_t kWidths[] = {1, 5, 16, 255};

at::Tensor random(at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); }

at::Tensor angles(int64_t length, int64_t num_pairs) {
  const auto angle = at::arange(length, at::kDouble).unsqueeze(1).mul(at::arange(1, num_pairs + 1, at::kDouble));
  return at::stack({angle.cos(), angle.sin()}, -1).to(at::kFloat);
}

at::Tensor both(const at::Tensor& sum, const at::Tensor& normed) { return at::cat({sum, normed.mul(3)}); }

const TensorFunction kNorm = [](const auto& in) { return fused_rms_norm(in[0], in[1], kEps); };
const TensorFunction kPlainNorm = [](const auto& in) { return rms_norm(in[0], in[1], kEps); };
const TensorFunction kAddNorm = [](const auto& in) {
  const auto result = fused_add_rms_norm(in[0], in[1], in[2], kEps);
  return both(result.sum, result.normed);
};
const TensorFunction kPlainAddNorm = [](const auto& in) {
  const auto sum = in[0].add(in[1]);
  return both(sum, rms_norm(sum, in[2], kEps));
};
const TensorFunction kSwiGlu = [](const auto& in) { return fused_swiglu(in[0], in[1]); };
const TensorFunction kPlainSwiGlu = [](const auto& in) { return swiglu(in[0], in[1]); };

TEST(FusedRmsNorm, EqualsTheCompositeAtOddSizes) {
  for (const int64_t rows : kNumRows) {
    for (const int64_t width : kWidths) expect_equivalent(kNorm, kPlainNorm, {random({rows, width}), random({width})});
  }
  expect_equivalent(kNorm, kPlainNorm, {random({3, 50, 70}), random({70})});
  expect_equivalent(kNorm, kPlainNorm, {random({70}), random({70})});
}

TEST(FusedRmsNorm, HasTheGradientsOfFiniteDifferences) {
  EXPECT_LT(finite_difference_error(kNorm, {random({4, 6}), random({6})}), 1e-7);
}

TEST(FusedRmsNorm, TakesAnyStrides) {
  const auto strided_weight = random({5, 2}).select(1, 0);
  expect_equivalent(kNorm, kPlainNorm, {random({5, 7}).t(), strided_weight});
  expect_equivalent(kNorm, kPlainNorm, {random({1, 5}).expand({7, 5}), strided_weight});
}

TEST(FusedRmsNorm, IsTheSameOnAnyNumberOfThreads) {
  expect_same_on_any_threads(kNorm, {random({3000, 70}), random({70})});
  expect_same_on_any_threads(kAddNorm, {random({3000, 70}), random({3000, 70}), random({70})});
}

TEST(FusedRmsNorm, RefusesWeightsThatDoNotFit) {
  EXPECT_THROW(fused_rms_norm(random({3, 5}), random({4}), kEps), c10::Error);
  EXPECT_THROW(fused_rms_norm(random({3, 5}), random({5}).to(at::kFloat), kEps), c10::Error);
  EXPECT_THROW(fused_rms_norm(random({3, 5}).to(at::kHalf), random({5}).to(at::kHalf), kEps), c10::Error);
}

TEST(FusedAddRmsNorm, EqualsTheCompositeAtOddSizes) {
  for (const int64_t rows : kNumRows) {
    for (const int64_t width : kWidths) {
      expect_equivalent(kAddNorm, kPlainAddNorm, {random({rows, width}), random({rows, width}), random({width})});
    }
  }
  expect_equivalent(kAddNorm, kPlainAddNorm, {random({5, 7}).t(), random({7, 1}).expand({7, 5}), random({5})});
}

TEST(FusedAddRmsNorm, HasTheGradientsOfFiniteDifferences) {
  EXPECT_LT(finite_difference_error(kAddNorm, {random({4, 6}), random({4, 6}), random({6})}), 1e-7);
}

TEST(FusedAddRmsNorm, IsDifferentiableInEachOutputAlone) {
  const std::vector<at::Tensor> in{random({4, 6}), random({4, 6}), random({6})};
  expect_equivalent([](const auto& x) { return fused_add_rms_norm(x[0], x[1], x[2], kEps).normed; },
                    [](const auto& x) { return rms_norm(x[0].add(x[1]), x[2], kEps); }, in);
  const auto x = in[0].clone().requires_grad_(true), y = in[1].clone().requires_grad_(true);
  const auto sum = fused_add_rms_norm(x, y, in[2], kEps).sum;
  const auto grads = torch::autograd::grad({sum}, {x, y}, {in[1]});
  EXPECT_TRUE(at::equal(grads[0], in[1]));
  EXPECT_TRUE(at::equal(grads[1], in[1]));
}

TEST(FusedAddRmsNorm, RefusesTermsThatDoNotFit) {
  EXPECT_THROW(fused_add_rms_norm(random({3, 5}), random({1, 5}), random({5}), kEps), c10::Error);
  EXPECT_THROW(fused_add_rms_norm(random({3, 5}), random({3, 5}).to(at::kFloat), random({5}), kEps), c10::Error);
  EXPECT_THROW(fused_add_rms_norm(random({3, 5}), random({3, 5}), random({6}), kEps), c10::Error);
}

TEST(FusedRope, EqualsTheCompositeAtOddSizes) {
  for (const int64_t tokens : kNumRows) {
    for (const int64_t pairs : {1, 3, 8, 64}) {
      const auto table = angles(9, pairs);
      expect_equivalent([&](const auto& in) { return fused_rope(in[0], table); },
                        [&](const auto& in) { return rope(in[0], table); }, {random({2, tokens, 5, 2 * pairs})});
    }
  }
}

TEST(FusedRope, HasTheGradientsOfFiniteDifferences) {
  const auto table = angles(4, 3);
  EXPECT_LT(finite_difference_error([&](const auto& in) { return fused_rope(in[0], table); }, {random({1, 4, 2, 6})}),
            1e-7);
}

TEST(FusedRope, TakesAnyStridesAndATableOfAnyDtype) {
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    const auto table = angles(20, 3).to(dtype);
    const TensorFunction ours = [&](const auto& in) { return fused_rope(in[0], table); };
    const TensorFunction composite = [&](const auto& in) { return rope(in[0].contiguous(), table); };
    expect_equivalent(ours, composite, {random({2, 5, 17, 6}).transpose(1, 2)});
    expect_equivalent(ours, composite, {random({2, 17, 6, 5}).transpose(2, 3)});
    expect_equivalent(ours, composite, {random({2, 17, 5, 18}).narrow(3, 6, 6)});
    expect_equivalent(ours, composite, {random({1, 17, 1, 6}).expand({2, 17, 5, 6})});
  }
}

TEST(FusedRope, IsUndoneByItsGradient) {
  const auto x = random({2, 7, 3, 6}).requires_grad_(true);
  const auto turned = fused_rope(x, angles(7, 3).to(at::kDouble));
  const auto back = torch::autograd::grad({turned}, {x}, {turned.detach()})[0];
  EXPECT_LT(norm_error(back, x), 1e-6);  // the table was float32: its cosines and sines are off the circle by 2⁻²⁴
}

TEST(FusedRope, IsTheSameOnAnyNumberOfThreads) {
  const auto table = angles(300, 8);
  expect_same_on_any_threads([&](const auto& in) { return fused_rope(in[0], table); }, {random({2, 300, 7, 16})});
}

TEST(FusedRope, RefusesAShortOrForeignTable) {
  EXPECT_THROW(fused_rope(random({1, 21, 1, 6}), angles(20, 3)), c10::Error);
  EXPECT_THROW(fused_rope(random({1, 4, 1, 8}), angles(20, 3)), c10::Error);
  EXPECT_THROW(fused_rope(random({1, 4, 1, 6}).to(at::kHalf), angles(20, 3)), c10::Error);
}

TEST(FusedSwiGlu, EqualsTheCompositeAtOddSizes) {
  for (const int64_t rows : kNumRows) {
    for (const int64_t width : kWidths) {
      expect_equivalent(kSwiGlu, kPlainSwiGlu, {random({rows, width}).mul(4), random({rows, width})});
    }
  }
  expect_equivalent(kSwiGlu, kPlainSwiGlu, {random({5, 7}).t(), random({1, 5}).expand({7, 5})});
}

TEST(FusedSwiGlu, HasTheGradientsOfFiniteDifferences) {
  EXPECT_LT(finite_difference_error(kSwiGlu, {random({3, 4}), random({3, 4})}), 1e-7);
}

// silu(a) -> a and 0 at the ends, where exp(-a) leaves float32.
TEST(FusedSwiGlu, SaturatesWithoutOverflow) {
  const auto gate = at::ones({2}, at::kFloat).mul(100).mul(at::arange(-1, 3, 2));
  const auto out = fused_swiglu(gate, at::ones({2}));
  EXPECT_EQ(out[0].item<float>(), 0.0F);
  EXPECT_EQ(out[1].item<float>(), 100.0F);
}

TEST(FusedSwiGlu, IsTheSameOnAnyNumberOfThreads) {
  expect_same_on_any_threads(kSwiGlu, {random({77, 1001}), random({77, 1001})});
}

TEST(FusedSwiGlu, RefusesHalvesThatDoNotFit) {
  EXPECT_THROW(fused_swiglu(random({3, 5}), random({3, 1})), c10::Error);
  EXPECT_THROW(fused_swiglu(random({3, 5}), random({3, 5}).to(at::kFloat)), c10::Error);
  EXPECT_THROW(fused_swiglu(random({3, 5}).to(at::kHalf), random({3, 5}).to(at::kHalf)), c10::Error);
}

TEST(FusedOperators, TakeExpandedGradients) {
  const auto expect_equal_gradients = [](const TensorFunction& fused, const TensorFunction& plain,
                                         std::vector<at::Tensor> in) {
    for (auto& x : in) x.requires_grad_(true);
    const auto out = fused(in), expected = plain(in);
    const auto grad = at::ones({}, at::kDouble).expand(out.sizes());
    const auto ours = torch::autograd::grad({out}, in, {grad}), theirs = torch::autograd::grad({expected}, in, {grad});
    for (size_t i = 0; i < in.size(); ++i) EXPECT_LT(norm_error(ours[i], theirs[i]), 1e-12) << i;
  };
  const auto table = angles(7, 3);
  expect_equal_gradients(kNorm, kPlainNorm, {random({7, 5}), random({5})});
  expect_equal_gradients(kAddNorm, kPlainAddNorm, {random({7, 5}), random({7, 5}), random({5})});
  expect_equal_gradients(kSwiGlu, kPlainSwiGlu, {random({7, 5}), random({7, 5})});
  expect_equal_gradients([&](const auto& in) { return fused_rope(in[0], table); },
                         [&](const auto& in) { return rope(in[0], table); }, {random({2, 7, 5, 6})});
}

TEST(FusedOperators, TakeNoRows) {
  const auto expect_empty = [](const TensorFunction& function, const std::vector<at::Tensor>& in) {
    EXPECT_EQ(function(in).numel(), 0);
    const auto grads = gradients(function, in);
    for (size_t i = 0; i < in.size(); ++i) {
      EXPECT_EQ(grads[i].sizes(), in[i].sizes());
      EXPECT_EQ(grads[i].abs().sum().item<double>(), 0.0);
    }
  };
  const auto table = angles(7, 3);
  expect_empty(kNorm, {random({0, 5}), random({5})});
  expect_empty(kAddNorm, {random({0, 5}), random({0, 5}), random({5})});
  expect_empty(kSwiGlu, {random({0, 5}), random({0, 5})});
  for (const auto sizes : {std::array<int64_t, 4>{0, 7, 5, 6}, {2, 0, 5, 6}, {2, 7, 0, 6}}) {
    expect_empty([&](const auto& in) { return fused_rope(in[0], table); }, {random(sizes)});
  }
}

TEST(FusedOperators, GiveNoGradientThatNobodyAskedFor) {
  const auto x = random({3, 7}), weight = random({7}).requires_grad_(true);
  fused_rms_norm(x, weight, kEps).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
}

}  // namespace
}  // namespace titan::ops
