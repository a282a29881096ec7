#include "estimator/cost/uncertainty.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/config/check.h"

namespace titan::cost {
namespace {

// Quantiles of the standard normal: 0.9 -> 1.281552, 0.975 -> 1.959964.
TEST(NormalQuantile, IsThatOfTheTables) {
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-9);
  EXPECT_NEAR(normal_quantile(0.9), 1.281552, 1e-6);
  EXPECT_NEAR(normal_quantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(normal_quantile(0.025), -1.959964, 1e-6);
  EXPECT_THROW(normal_quantile(1), config::ContractError);
}

// Two parts under one source add before they are squared: 10 s at 5 % and 10 s at 5 % of the same source are 20 s at 5
// %, however many they are.
TEST(Interval, DoesNotShrinkWithTheNumberOfPartsOfOneSource) {
  const auto step = [](int parts) {
    return [parts](const Deviations& deviations) {
      double seconds = 0;
      for (int i = 0; i < parts; ++i) seconds += 20.0 / parts * deviations.factor(ErrorSource::gemm, 0.05);
      return seconds;
    };
  };
  const Interval one = interval(propagate(step(1)), 0.8), many = interval(propagate(step(1000)), 0.8);
  EXPECT_NEAR(one.low, 20 * std::exp(-0.05 * 1.281552), 1e-4);
  EXPECT_NEAR(one.high, 20 * std::exp(0.05 * 1.281552), 1e-4);
  EXPECT_NEAR(many.low, one.low, 1e-9);
  EXPECT_NEAR(many.high, one.high, 1e-9);
}

// Different sources are independent: 3 % and 4 % of the whole make 5 %.
TEST(Interval, AddsSourcesInSquares) {
  const Interval found =
      interval(propagate([](const Deviations& deviations) {
                 return deviations.factor(ErrorSource::part, 0.03) * deviations.factor(ErrorSource::host, 0.04);
               }),
               0.8);
  EXPECT_NEAR(std::log(found.high), 0.05 * 1.281552, 1e-6);
  EXPECT_NEAR(std::log(found.low), -0.05 * 1.281552, 1e-6);
}

// Communication of 9 s behind compute of 10 s: being 20 % slower it takes 10.99 s, being faster gains nothing.
TEST(Interval, IsOneSidedWhereSlackHidesASource) {
  const Propagation found = propagate(
      [](const Deviations& deviations) { return std::max(10.0, 9.0 * deviations.factor(ErrorSource::network, 0.2)); });
  EXPECT_EQ(interval(found, 0.8).low, 10.0);
  EXPECT_GT(interval(found, 0.8).high, 10.5);
}

TEST(Interval, GrowsWithTheLevel) {
  const Propagation found =
      propagate([](const Deviations& deviations) { return deviations.factor(ErrorSource::link, 0.1); });
  EXPECT_LT(interval(found, 0.5).high, interval(found, 0.8).high);
  EXPECT_THROW(interval(found, 1.0), config::ContractError);
}

TEST(Propagate, RefusesAResultThatIsNoTime) {
  EXPECT_THROW(propagate([](const Deviations&) { return 0.0; }), config::ContractError);
  EXPECT_THROW(propagate([](const Deviations&) { return std::nan(""); }), config::ContractError);
}

TEST(ErrorSource, HasANameEach) {
  EXPECT_EQ(to_string(ErrorSource::part), "part");
  EXPECT_EQ(to_string(ErrorSource::host), "host");
}

}  // namespace
}  // namespace titan::cost
