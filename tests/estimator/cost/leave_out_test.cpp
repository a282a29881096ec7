#include "estimator/cost/leave_out.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/config/check.h"

namespace titan::cost {
namespace {

/// One factor; each residual is its logarithm less a target's.
Residuals towards(std::vector<double> targets) {
  return [targets = std::move(targets)](const std::vector<double>& values) {
    std::vector<double> residuals;
    for (const double target : targets) residuals.push_back(std::log(values[0] / target));
    return residuals;
  };
}

const std::vector<Factor> kRate = {{"rate", 1, 0.1, 10}};

// Least squares in the logarithm: the geometric mean of the others. Without group a (2, 2): 4; without b (4): 2.
TEST(LeaveOneGroupOut, PredictsAGroupFromTheOthers) {
  const auto found = leave_one_group_out(kRate, towards({2, 4, 2}), {"a", "b", "a"});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].group, "a");
  EXPECT_EQ(found[0].measurements, (std::vector<size_t>{0, 2}));
  EXPECT_NEAR(found[0].fit.values()[0], 4, 1e-6);
  EXPECT_NEAR(found[0].mean_absolute, std::log(2), 1e-6);
  EXPECT_NEAR(found[1].fit.values()[0], 2, 1e-6);
  EXPECT_NEAR(found[1].worst_absolute, std::log(2), 1e-6);
}

// However far off a row is, its own prediction does not move with it.
TEST(LeaveOneGroupOut, DoesNotSeeWhatItPredicts) {
  const auto near = leave_one_group_out(kRate, towards({2, 3, 4}), {"a", "b", "c"});
  const auto far = leave_one_group_out(kRate, towards({2, 3, 9}), {"a", "b", "c"});
  EXPECT_NEAR(near[2].fit.values()[0], far[2].fit.values()[0], 1e-9);
}

TEST(LeaveOneGroupOut, NeedsTwoGroupsAndOnePerMeasurement) {
  EXPECT_THROW(leave_one_group_out(kRate, towards({1, 2}), {"a", "a"}), config::ContractError);
  EXPECT_THROW(leave_one_group_out(kRate, towards({1, 2}), {"a", "b", "c"}), config::ContractError);
}

}  // namespace
}  // namespace titan::cost
