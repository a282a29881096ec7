#include "runtime/ops/fused/cross_entropy.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "runtime/ops/cross_entropy.h"
#include "tests/runtime/ops/fused/equivalence.h"

namespace titan::ops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

at::Tensor random_logits(at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); }

at::Tensor random_labels(int64_t num_classes, at::IntArrayRef sizes) {
  const auto labels = at::randint(num_classes, sizes, at::kLong);
  if (labels.numel() > 2) labels.view(-1).narrow(0, 1, labels.numel() / 3).fill_(kIgnoredLabel);
  return labels;
}

TensorFunction fused(const at::Tensor& labels) {
  return [labels](const auto& in) { return fused_cross_entropy_sum(in[0], labels); };
}

TensorFunction plain(const at::Tensor& labels) {
  return [labels](const auto& in) { return cross_entropy_sum(in[0], labels); };
}

// 1023 to 3000 classes: the kernel takes a row in parts of 1024.
TEST(FusedCrossEntropy, EqualsTheCompositeAtOddSizes) {
  for (const int64_t rows : {1, 3, 7}) {
    for (const int64_t classes : {5, 16, 255, 1023, 1024, 1025, 3000}) {
      const auto labels = random_labels(classes, {rows});
      expect_equivalent(fused(labels), plain(labels), {random_logits({rows, classes})});
    }
  }
  const auto labels = random_labels(50, {4, 30});
  expect_equivalent(fused(labels), plain(labels), {random_logits({4, 30, 50})});
  expect_equivalent(fused(labels), plain(labels), {random_logits({50, 30, 4}).transpose(0, 2)});
}

TEST(FusedCrossEntropy, HasTheGradientsOfFiniteDifferences) {
  EXPECT_LT(finite_difference_error(fused(random_labels(50, {4, 3})), {at::randn({4, 3, 50}, at::kDouble)}), 1e-6);
}

TEST(FusedCrossEntropy, IsExactWhereThereIsOneClass) {
  const auto labels = at::zeros({3}, at::kLong);
  EXPECT_EQ(fused_cross_entropy_sum(random_logits({3, 1}), labels).item<double>(), 0.0);
  EXPECT_EQ(gradients(fused(labels), {random_logits({3, 1})})[0].abs().max().item<double>(), 0.0);
}

// exp(300) is infinite in float32, exp(-300) zero: only relative to the largest logit do they have a sum. A logsumexp
// in float32 would keep 1e4 to 1e4 · 2⁻²⁴ = 6e-4, the relative error of each probability.
TEST(FusedCrossEntropy, HoldsForLogitsBeyondTheRangeOfTheExponential) {
  const auto labels = random_labels(2000, {5});
  for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-6}}) {
    for (const double offset : {-1e4, -300.0, 300.0, 1e4}) {
      const std::vector<at::Tensor> in{random_logits({5, 2000}).add(offset).to(dtype)};
      EXPECT_LT(norm_error(fused(labels)(in), plain(labels)(in)), tolerance);
      EXPECT_LT(norm_error(gradients(fused(labels), in)[0], gradients(plain(labels), in)[0]), tolerance);
    }
  }
}

TEST(FusedCrossEntropy, HoldsForClassesThatAreRuledOut) {
  const auto labels = at::full({3}, 1500, at::kLong);
  auto logits = random_logits({3, 2000});
  logits.narrow(1, 0, 1100).fill_(-kInfinity);
  const auto theirs = gradients(plain(labels), {logits})[0];
  EXPECT_LT(norm_error(fused(labels)({logits}), plain(labels)({logits})), 1e-14);
  EXPECT_LT(norm_error(gradients(fused(labels), {logits})[0], theirs), 1e-14);
}

TEST(FusedCrossEntropy, ShowsWhatIsNotANumber) {
  for (const double bad : {kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    for (const auto dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
      for (const int64_t where : {0, 1500}) {
        auto logits = random_logits({1, 2000}).to(dtype);
        logits.select(1, where).fill_(bad);
        EXPECT_TRUE(fused_cross_entropy_sum(logits, at::zeros({1}, at::kLong)).isnan().item<bool>());
      }
    }
  }
}

TEST(FusedCrossEntropy, IsZeroWithoutCountingTokens) {
  const auto ignored = at::full({2, 3}, kIgnoredLabel, at::kLong);
  const auto logits = at::full({2, 3, 5}, kInfinity, at::kDouble);
  EXPECT_EQ(fused_cross_entropy_sum(logits, ignored).item<double>(), 0.0);
  EXPECT_EQ(gradients(fused(ignored), {logits})[0].abs().max().item<double>(), 0.0);
  const auto none = at::empty({0}, at::kLong);
  EXPECT_EQ(fused_cross_entropy_sum(random_logits({0, 5}), none).item<double>(), 0.0);
  EXPECT_EQ(gradients(fused(none), {random_logits({0, 5})})[0].sizes(), at::IntArrayRef({0, 5}));
}

TEST(FusedCrossEntropy, IsFloat32ForBfloat16) {
  const auto logits = random_logits({4, 50}).to(at::kBFloat16);
  EXPECT_EQ(fused_cross_entropy_sum(logits, random_labels(50, {4})).scalar_type(), at::kFloat);
}

// 9001 tokens: the sum over tokens is taken in parts of 4096.
TEST(FusedCrossEntropy, IsTheSameOnAnyNumberOfThreads) {
  expect_same_on_any_threads(fused(random_labels(20, {9001})), {random_logits({9001, 20})});
  expect_same_on_any_threads(fused(random_labels(5000, {9})), {random_logits({9, 5000})});
}

/// Expects what the ranks of a vocabulary split at `bounds` compute to give the whole loss and its gradient.
void expect_shards_equal_whole(const std::vector<int64_t>& bounds, at::ScalarType dtype, double tolerance) {
  const auto labels = random_labels(bounds.back(), {11});
  const auto logits = random_logits({11, bounds.back()}).to(dtype);
  std::vector<at::Tensor> logsumexps, targets, gradients_of_shards;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    const auto rows = cross_entropy_rows(logits.narrow(1, bounds[i], bounds[i + 1] - bounds[i]), labels, bounds[i]);
    logsumexps.push_back(rows.logsumexp);
    targets.push_back(rows.target);
  }
  const auto logsumexp = at::stack(logsumexps).logsumexp({0}), target = at::stack(targets).sum(0);
  const auto scale = at::full({}, 0.7, at::kDouble);
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    gradients_of_shards.push_back(cross_entropy_rows_backward(
        scale, logits.narrow(1, bounds[i], bounds[i + 1] - bounds[i]), labels, logsumexp, bounds[i]));
  }
  const auto leaf = logits.to(at::kDouble).requires_grad_(true);
  const auto expected = cross_entropy_sum(leaf, labels);
  expected.mul(0.7).backward();
  EXPECT_LT(norm_error(sum_of_losses(logsumexp, target, labels), expected), tolerance);
  EXPECT_EQ(gradients_of_shards[0].scalar_type(), dtype);
  EXPECT_LT(norm_error(at::cat(gradients_of_shards, 1), leaf.grad()),
            tolerance + (dtype == at::kBFloat16 ? 4e-3 : 0.0));
}

// A shard may be empty: 3 classes on 4 ranks.
TEST(CrossEntropyRows, OfUnevenVocabularyShardsGiveTheWholeLoss) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-13}, {at::kFloat, 1e-6}, {at::kBFloat16, 1e-6}}) {
    for (const std::vector<int64_t>& bounds : std::vector<std::vector<int64_t>>{
             {0, 2100}, {0, 1, 2100}, {0, 1030, 1100, 2100}, {0, 700, 701, 1400, 2100}, {0, 1, 2, 3, 3}}) {
      expect_shards_equal_whole(bounds, dtype, tolerance);
    }
  }
}

void expect_error(const std::function<void()>& call, const std::string& message) {
  try {
    call();
    ADD_FAILURE() << "no error: " << message;
  } catch (const c10::Error& error) {
    EXPECT_EQ(std::string(error.what_without_backtrace()).substr(0, message.size()), message);
  }
}

TEST(FusedCrossEntropy, RefusesLabelsOutsideTheVocabulary) {
  const auto call = [](int64_t label) {
    auto labels = at::zeros({2, 3}, at::kLong);
    labels.view(-1)[4].fill_(label);
    return [labels] { fused_cross_entropy_sum(random_logits({2, 3, 5}), labels); };
  };
  expect_error(call(5), "fused_cross_entropy_sum: labels must be -100 or in [0, 5): label=5 token=4");
  expect_error(call(-1), "fused_cross_entropy_sum: labels must be -100 or in [0, 5): label=-1 token=4");
}

TEST(FusedCrossEntropy, RefusesShapesAndDtypesThatDoNotFit) {
  const auto labels = at::zeros({6}, at::kLong);
  expect_error(
      [&] {
        fused_cross_entropy_sum(random_logits({2, 3, 5}), labels);
      },
      "fused_cross_entropy_sum: labels must have the logits' shape but for the last dim");
  expect_error(
      [&] {
        fused_cross_entropy_sum(random_logits({6, 5}).to(at::kHalf), labels);
      },
      "cross_entropy_rows: elements must be float32, bfloat16 or float64: dtype=Half");
  expect_error(
      [&] {
        fused_cross_entropy_sum(random_logits({6, 5}), labels.to(at::kInt));
      },
      "fused_cross_entropy_sum: labels must be int64: Int");
  expect_error(
      [&] {
        cross_entropy_rows(random_logits({5, 5}), labels, 0);
      },
      "cross_entropy_rows: logits must be [N, V] and labels [N]: logits=[5, 5] labels=[6]");
  expect_error(
      [&] {
        cross_entropy_rows_backward(at::zeros({2}), random_logits({6, 5}), labels, at::zeros({6}), 0);
      },
      "cross_entropy_rows_backward: scale must be one number");
}

}  // namespace
}  // namespace titan::ops
