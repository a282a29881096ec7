#pragma once

#include "estimator/cost/fit.h"

namespace titan::cost {

/// What a fit says about a group of measurements that it did not see.
struct LeftOut {
  std::string group;
  Fit fit;                           // without the group
  std::vector<size_t> measurements;  // of the group
  std::vector<double> residuals;     // of these, predicted
  double mean_absolute = 0, worst_absolute = 0;
};

/// Fits once per group without its measurements and predicts them. `groups` names the group of every measurement;
/// groups come in order of first appearance.
std::vector<LeftOut> leave_one_group_out(const std::vector<Factor>& factors, const Residuals& residuals,
                                         const std::vector<std::string>& groups, const FitOptions& options = {});

}  // namespace titan::cost
