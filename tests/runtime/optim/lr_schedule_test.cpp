#include "runtime/optim/lr_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::optim {
namespace {

void expect_factors(const LrOptions& options, int64_t training_steps, const std::vector<double>& expected) {
  for (size_t step = 0; step < expected.size(); ++step) {
    EXPECT_NEAR(lr_factor(static_cast<int64_t>(step), options, training_steps), expected[step], 1e-15)
        << "step " << step;
  }
}

TEST(LrSchedule, DecaysRightAfterWarmupWithoutRatio) {
  // 10 steps: 2 of warm-up (1/2, 2/2), one virtual constant step, then (k-2)/8 of the way down at step k.
  expect_factors({.warmup_steps = 2}, 10, {0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125});
}

TEST(LrSchedule, KeepsRateConstantBeforeLastShareOfSteps) {
  // round(10 * 0.5) = 5 steps of decay by 1/5 each; the first of the last five steps is already one fifth down.
  expect_factors({.warmup_steps = 2, .decay_ratio = 0.5}, 10, {0.5, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2});
}

TEST(LrSchedule, CutsWarmupThatIsLongerThanTraining) {
  expect_factors({.warmup_steps = 10}, 5, {0.2, 0.4, 0.6, 0.8, 1.0});
}

TEST(LrSchedule, NeverDecaysWithRatioZero) {
  expect_factors({.warmup_steps = 2, .decay_ratio = 0.0}, 10, {0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
}

TEST(LrSchedule, CutsDecayThatOverlapsWarmup) {
  // round(10 * 0.8) = 8 steps do not fit beside 5 of warm-up: 5 are left.
  expect_factors({.warmup_steps = 5, .decay_ratio = 0.8}, 10, {0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2});
}

TEST(LrSchedule, EndsAtMinimumFactor) {
  // After all 10 steps: 0.2 of the base rate (0.1 * 0.2 = 0.02). Half-way down, at step 6: 0.2 + 0.8 * 0.5.
  const LrOptions options{.warmup_steps = 2, .min_lr_factor = 0.2};
  EXPECT_DOUBLE_EQ(0.1 * lr_factor(10, options, 10), 0.02);
  EXPECT_DOUBLE_EQ(lr_factor(6, options, 10), 0.6);
}

TEST(LrSchedule, FollowsDecayType) {
  // 4 steps without warm-up: one virtual constant step, then p = 1/4, 1/2, 3/4.
  expect_factors({.warmup_steps = 0, .decay_type = DecayType::sqrt}, 4,
                 {1.0, 0.5, 1.0 - std::sqrt(0.5), 1.0 - std::sqrt(0.75)});
  expect_factors({.warmup_steps = 0, .decay_type = DecayType::cosine}, 4,
                 {1.0, 0.5 + std::sqrt(0.125), 0.5, 0.5 - std::sqrt(0.125)});
}

TEST(LrSchedule, UsesItsOwnLengthWhenGivenOne) {
  const LrOptions curve{.warmup_steps = 2, .total_steps = 10};
  const LrOptions plain{.warmup_steps = 2};
  for (int64_t step = 0; step < 10; ++step) EXPECT_EQ(lr_factor(step, curve, 10000), lr_factor(step, plain, 10));
}

TEST(LrSchedule, StaysAtMinimumBeyondItsEnd) {
  const LrOptions options{.warmup_steps = 2, .total_steps = 10, .min_lr_factor = 0.1};
  for (int64_t step : {10, 11, 1000}) EXPECT_DOUBLE_EQ(lr_factor(step, options, 2000), 0.1);
}

TEST(LrSchedule, IsNeverZeroNorAboveOneInsideTraining) {
  for (int64_t total = 1; total <= 12; ++total) {
    for (int64_t warmup = 0; warmup <= 13; ++warmup) {
      for (const double ratio : {-1.0, 0.0, 0.25, 0.5, 1.0}) {
        for (const DecayType type : {DecayType::linear, DecayType::sqrt, DecayType::cosine}) {
          LrOptions options{.warmup_steps = warmup, .decay_type = type};
          if (ratio >= 0) options.decay_ratio = ratio;
          for (int64_t step = 0; step < total; ++step) {
            const double factor = lr_factor(step, options, total);
            EXPECT_GT(factor, 0.0);
            EXPECT_LE(factor, 1.0);
          }
        }
      }
    }
  }
}

TEST(LrSchedule, RoundsDecayStepsHalfToEven) {
  // 5 * 0.5 = 2.5 -> 2, as Python rounds: steps 4 is the only one below 1 ((4 + 1 - 4) / 2 = 1/2 down).
  expect_factors({.warmup_steps = 0, .decay_ratio = 0.5}, 5, {1, 1, 1, 1, 0.5});
}

TEST(LrSchedule, WarnsOfWhatDoesNotFit) {
  EXPECT_TRUE(lr_warnings({.warmup_steps = 2}, 10).empty());
  EXPECT_TRUE(lr_warnings({.warmup_steps = 2, .decay_ratio = 0.8}, 10).empty());
  const auto warmup = lr_warnings({.warmup_steps = 10}, 5);
  ASSERT_EQ(warmup.size(), 1U);
  EXPECT_EQ(warmup[0], "lr_scheduler.warmup_steps: 10 steps do not fit into 5; the warm-up takes all 5 steps");
  const auto decay = lr_warnings({.warmup_steps = 5, .decay_ratio = 0.8}, 10);
  ASSERT_EQ(decay.size(), 1U);
  EXPECT_EQ(
      decay[0],
      "lr_scheduler.decay_ratio: 8 decay steps after 5 warm-up steps do not fit into 10; the decay takes 5 steps");
}

TEST(LrSchedule, RefusesNegativeStepsAndEmptyCurves) {
  EXPECT_THROW(lr_factor(-1, {}, 10), config::ContractError);
  EXPECT_THROW(lr_factor(0, {}, 0), config::ContractError);
}

TEST(LrSchedule, ParsesDecayTypes) {
  EXPECT_EQ(parse_decay_type("linear"), DecayType::linear);
  EXPECT_EQ(parse_decay_type("sqrt"), DecayType::sqrt);
  EXPECT_EQ(parse_decay_type("cosine"), DecayType::cosine);
  try {
    parse_decay_type("cosin");
    FAIL();
  } catch (const config::ConfigError& error) {
    EXPECT_STREQ(error.what(), "lr_scheduler.decay_type: must be linear, sqrt or cosine, found 'cosin'");
  }
}

}  // namespace
}  // namespace titan::optim
