#include "estimator/cost/fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/config/check.h"

namespace titan::cost {
namespace {

/// Step times of three workloads with matmul, attention and copy parts, at rates a and b.
std::vector<double> times(double a, double b) {
  return {10 / a + 1 / b + 0.5, 5 / a + 5 / b + 0.5, 1 / a + 10 / b + 0.5};
}

Residuals against(std::vector<double> measured) {
  return [measured = std::move(measured)](const std::vector<double>& values) {
    std::vector<double> residuals = times(values[0], values.size() > 1 ? values[1] : 1.0);
    for (size_t i = 0; i < residuals.size(); ++i) residuals[i] = std::log(residuals[i] / measured[i]);
    return residuals;
  };
}

const std::vector<Factor> kTwo = {{"gemm.rate", 1, 0.5, 2}, {"attention.rate", 1, 0.5, 2}};

TEST(Fit, FindsTheFactorsThatMadeTheMeasurements) {
  const Fit found = fit(kTwo, against(times(0.8, 1.3)));
  EXPECT_NEAR(found.values()[0], 0.8, 1e-6);
  EXPECT_NEAR(found.values()[1], 1.3, 1e-6);
  EXPECT_LT(found.sum_of_squares, 1e-12);
  EXPECT_TRUE(found.problems().empty()) << found.problems()[0];
}

// With noise the fit is at a minimum: no factor moved either way does better.
TEST(Fit, EndsAtAMinimum) {
  std::vector<double> measured = times(0.8, 1.3);
  measured[0] *= 1.02;
  measured[1] *= 0.97;
  const Residuals residuals = against(measured);
  const Fit found = fit(kTwo, residuals);
  for (size_t i = 0; i < 2; ++i) {
    for (const double step : {0.999, 1.001}) {
      std::vector<double> values = found.values();
      values[i] *= step;
      double squares = 0;
      for (const double one : residuals(values)) squares += one * one;
      EXPECT_GE(squares, found.sum_of_squares);
    }
  }
  EXPECT_GT(found.factors[0].relative_sd, 0);
}

TEST(Fit, SaysThatAFactorEndsAtABound) {
  const Fit found = fit(kTwo, against(times(0.4, 1.3)));
  EXPECT_TRUE(found.factors[0].at_bound);
  EXPECT_DOUBLE_EQ(found.factors[0].value, 0.5);
  ASSERT_EQ(found.problems().size(), 1u);
  EXPECT_EQ(found.problems()[0].find("gemm.rate ends at a bound: 0.5"), 0u);
}

TEST(Fit, SaysWhichFactorTheMeasurementsDoNotDetermine) {
  const std::vector<Factor> three = {kTwo[0], kTwo[1], {"network.efficiency", 0.9, 0.5, 0.99}};
  const Fit found = fit(three, against(times(0.8, 1.3)));
  EXPECT_FALSE(found.factors[2].determined);
  EXPECT_TRUE(std::isinf(found.factors[2].relative_sd));
  EXPECT_TRUE(found.factors[0].determined);
  EXPECT_EQ(found.problems(), std::vector<std::string>{"network.efficiency is not determined by the measurements"});
}

// Only the product of the two acts, so neither is known.
TEST(Fit, SaysThatFactorsTradeOffAgainstEachOther) {
  const Fit found = fit(kTwo, [](const std::vector<double>& values) {
    return std::vector<double>{std::log(values[0] * values[1] / 1.2), std::log(values[0] * values[1] / 1.3)};
  });
  EXPECT_FALSE(found.factors[0].determined);
  EXPECT_FALSE(found.factors[1].determined);
}

TEST(Fit, RefusesBadBoundsAndResiduals) {
  const auto constant = [](double value) {
    return [value](const std::vector<double>&) { return std::vector<double>{value}; };
  };
  EXPECT_THROW(fit({}, constant(1)), config::ContractError);
  EXPECT_THROW(fit({{"a", 1, 1, 2}}, constant(1)), config::ContractError);
  EXPECT_THROW(fit({{"a", 1, 0.5, 2}}, constant(std::nan(""))), config::ContractError);
  EXPECT_THROW(fit({{"a", 1, 0.5, 2}}, [](const auto&) { return std::vector<double>(); }), config::ContractError);
}

}  // namespace
}  // namespace titan::cost
