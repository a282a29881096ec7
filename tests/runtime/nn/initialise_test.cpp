#include "runtime/nn/initialise.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cmath>

namespace titan::nn {
namespace {

const InitRule kNormal = InitRule::normal(0.5, 2.0);

at::Tensor draw(const mesh::ShardSpec& spec, const InitRule& rule, uint64_t seed = 7, const std::string& name = "w",
                at::ScalarType dtype = at::kFloat) {
  const auto part = at::empty(spec.box.size, at::TensorOptions().dtype(dtype));
  fill(part, spec, rule, seed, name);
  return part;
}

at::Tensor cut(const at::Tensor& whole, const mesh::Box& box) {
  at::Tensor part = whole;
  for (size_t d = 0; d < box.size.size(); ++d) part = part.narrow(d, box.offset[d], box.size[d]);
  return part;
}

TEST(Fill, GivesTheSameGlobalTensorUnderEverySharding) {
  const auto spec = mesh::whole({7, 5, 13});
  const auto whole = draw(spec, kNormal);
  for (int outer = 0; outer < 3; ++outer) {
    for (int inner = 0; inner < 3; ++inner) {
      for (int index = 0; index < 12; ++index) {
        const auto part = mesh::shard(mesh::shard(spec, outer, 3, index / 4), inner, 4, index % 4);
        EXPECT_TRUE(at::equal(draw(part, kNormal), cut(whole, part.box))) << outer << inner << index;
      }
    }
  }
}

TEST(Fill, GivesTheSameValuesOnAnyNumberOfThreads) {
  const auto spec = mesh::whole({300, 1001});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = draw(spec, kNormal);
  at::set_num_threads(3);
  EXPECT_TRUE(at::equal(one, draw(spec, kNormal)));
  at::set_num_threads(threads);
}

TEST(Fill, CastsOneFloat64ValueToEveryDtype) {
  const auto spec = mesh::whole({64, 65});
  const auto exact = draw(spec, kNormal, 7, "w", at::kDouble);
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    EXPECT_TRUE(at::equal(draw(spec, kNormal, 7, "w", dtype), exact.to(dtype))) << dtype;
  }
}

TEST(Fill, DrawsOtherValuesForAnotherSeedOrName) {
  const auto spec = mesh::whole({100});
  const auto first = draw(spec, kNormal);
  EXPECT_EQ(first.eq(draw(spec, kNormal, 8)).sum().item<int64_t>(), 0);
  EXPECT_EQ(first.eq(draw(spec, kNormal, 7 + (uint64_t{1} << 32))).sum().item<int64_t>(), 0);
  EXPECT_EQ(first.eq(draw(spec, kNormal, 7, "v")).sum().item<int64_t>(), 0);
}

// With n = 10⁶ draws the standard errors of mean, variance, skewness and excess kurtosis of a standard normal sample
// are 1/√n = 0.001, √(2/n) = 0.0014, √(6/n) = 0.0024 and √(24/n) = 0.0049; the bounds are four of each. Neighbours are
// uncorrelated to 4/√n.
TEST(Fill, DrawsNormalNumbersWithTheRightMoments) {
  const auto z = draw(mesh::whole({1000, 1000}), InitRule::normal(0.0, 1.0), 42, "w", at::kDouble).flatten();
  EXPECT_NEAR(z.mean().item<double>(), 0.0, 0.004);
  EXPECT_NEAR(z.var().item<double>(), 1.0, 0.0057);
  EXPECT_NEAR(z.pow(3).mean().item<double>(), 0.0, 0.0155);  // E z³ has variance 15/n
  EXPECT_NEAR(z.pow(4).mean().item<double>(), 3.0, 0.039);   // E z⁴ has variance 96/n
  EXPECT_NEAR(z.narrow(0, 0, 999999).mul(z.narrow(0, 1, 999999)).mean().item<double>(), 0.0, 0.004);
}

// A standard normal variable cut at ±3 has variance 1 - 2·3·φ(3)/(2Φ(3) - 1) = 1 - 6·0.00443185/0.9973002 = 0.9733369.
TEST(Fill, TruncatesAtTheBounds) {
  const double std = 0.0625;
  const auto x =
      draw(mesh::whole({1000, 1000}), InitRule::trunc_normal(0.0, std, -3 * std, 3 * std), 42, "w", at::kDouble);
  EXPECT_LE(x.abs().max().item<double>(), 3 * std);
  EXPECT_GT(x.abs().max().item<double>(), 2.99 * std);
  EXPECT_NEAR(x.var().item<double>() / (std * std), 0.9733369, 0.006);
  EXPECT_NEAR(x.mean().item<double>() / std, 0.0, 0.004);
}

TEST(Fill, WritesConstantsAndSkipsEmptyBoxes) {
  EXPECT_TRUE(draw(mesh::whole({3, 4}), InitRule::constant(1.0)).eq(1.0).all().item<bool>());
  EXPECT_EQ(draw(mesh::shard(mesh::whole({2, 4}), 0, 4, 3), kNormal).numel(), 0);
}

TEST(Fill, RefusesAPartOfOtherSizesAndBoundsBesideTheMean) {
  EXPECT_THROW(fill(at::empty({3}), mesh::whole({4}), kNormal, 0, "w"), c10::Error);
  EXPECT_THROW(fill(at::empty({4, 4}).t(), mesh::whole({4, 4}), kNormal, 0, "w"), c10::Error);
  EXPECT_THROW(draw(mesh::whole({4}), InitRule::trunc_normal(0.0, 1.0, 2.0, 3.0)), c10::Error);
}

}  // namespace
}  // namespace titan::nn
