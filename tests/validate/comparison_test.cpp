// When two tensors of a run and its reference count as equal.
#include "validate/divergence/comparison.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/platform/cpu_platform.h"

namespace titan::validate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

at::Tensor with(int64_t index, double value) {
  const auto tensor = at::ones({4}, at::kDouble);
  tensor.select(0, index).fill_(value);
  return tensor;
}

class Comparison : public testing::Test {
 protected:
  Difference compared(const at::Tensor& actual, const at::Tensor& reference, double scale = 0.0) {
    return compare(actual, reference, scale, {}, platform_);
  }

  platform::CpuPlatform platform_{platform::World{}, nullptr};
};

// |1.5 - 1| over the norm of four ones, 2.
TEST_F(Comparison, GivesTheRelativeErrorAndTheLargestDifference) {
  const auto difference = compared(with(2, 1.5), at::ones({4}, at::kDouble));
  EXPECT_DOUBLE_EQ(difference.error, 0.25);
  EXPECT_EQ(difference.index, 2);
  EXPECT_EQ(difference.value, 1.5);
  EXPECT_EQ(difference.reference, 1.0);
}

TEST_F(Comparison, WhatIsNotFiniteOnOneSideOnlyIsInfinitelyFar) {
  const auto ones = at::ones({4}, at::kDouble);
  for (const double odd : {kInfinity, -kInfinity, std::nan("")}) {
    EXPECT_EQ(compared(with(1, odd), ones).error, kInfinity);
    EXPECT_EQ(compared(ones, with(1, odd)).error, kInfinity);
    EXPECT_EQ(compared(with(1, odd), with(1, odd)).error, 0.0);
  }
  EXPECT_EQ(compared(with(1, kInfinity), with(1, -kInfinity)).error, kInfinity);
}

// Rounding of sums of numbers of size 1 in float64: 1e-16 is within, 1e-14 is not, beside a reference of zeros.
TEST_F(Comparison, RoundingOfTheStagesSizeIsWithinTolerance) {
  const auto zeros = at::full({4}, 0.0, at::kDouble);
  EXPECT_LE(compared(at::full({4}, 1e-16, at::kDouble), zeros, 1.0).error, Tolerance().relative);
  EXPECT_GT(compared(at::full({4}, 1e-14, at::kDouble), zeros, 1.0).error, Tolerance().relative);
}

TEST_F(Comparison, RefusesOtherShapes) {
  EXPECT_THROW(compared(at::ones({4}, at::kDouble), at::ones({3}, at::kDouble)), c10::Error);
}

// sqrt((9 + 16) / 4) = 2.5, whatever the other two are if they are not finite.
TEST_F(Comparison, TheScaleOfAStageLeavesOutWhatIsNotFinite) {
  auto tensor = at::full({4}, 3.0, at::kFloat);
  tensor.select(0, 1).fill_(4.0);
  tensor.select(0, 2).fill_(-kInfinity);
  tensor.select(0, 3).fill_(std::nan(""));
  EXPECT_DOUBLE_EQ(root_mean_square(tensor, platform_), 2.5);
  EXPECT_EQ(root_mean_square(at::empty({0}, at::kFloat), platform_), 0.0);
}

}  // namespace
}  // namespace titan::validate
