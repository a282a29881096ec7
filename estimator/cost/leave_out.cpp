#include "estimator/cost/leave_out.h"

#include <algorithm>
#include <cmath>

#include "runtime/config/check.h"

namespace titan::cost {
namespace {

/// Groups in order of first appearance, with their measurements.
std::vector<LeftOut> collect(const std::vector<std::string>& groups) {
  std::vector<LeftOut> found;
  for (size_t i = 0; i < groups.size(); ++i) {
    auto known = std::find_if(found.begin(), found.end(), [&](const LeftOut& one) { return one.group == groups[i]; });
    if (known == found.end()) {
      found.emplace_back();
      known = found.end() - 1;
      known->group = groups[i];
    }
    known->measurements.push_back(i);
  }
  return found;
}

/// The residuals of all groups but `left`.
std::vector<double> without(const std::string& left, const std::vector<double>& residuals,
                            const std::vector<std::string>& groups) {
  std::vector<double> kept;
  for (size_t i = 0; i < residuals.size(); ++i) {
    if (groups[i] != left) kept.push_back(residuals[i]);
  }
  return kept;
}

}  // namespace

std::vector<LeftOut> leave_one_group_out(const std::vector<Factor>& factors, const Residuals& residuals,
                                         const std::vector<std::string>& groups, const FitOptions& options) {
  std::vector<LeftOut> results = collect(groups);
  config::check(results.size() > 1, "leave_one_group_out: needs two groups: found ", results.size());
  const auto all = [&](const std::vector<double>& values) {
    std::vector<double> found = residuals(values);
    config::check(found.size() == groups.size(),
                  "leave_one_group_out: needs a group per residual: residuals=", found.size(),
                  " groups=", groups.size());
    return found;
  };
  for (auto& left : results) {
    const auto others = [&](const std::vector<double>& values) { return without(left.group, all(values), groups); };
    left.fit = fit(factors, others, options);
    const std::vector<double> predicted = all(left.fit.values());
    for (const size_t i : left.measurements) {
      left.residuals.push_back(predicted[i]);
      left.mean_absolute += std::abs(predicted[i]) / static_cast<double>(left.measurements.size());
      left.worst_absolute = std::max(left.worst_absolute, std::abs(predicted[i]));
    }
  }
  return results;
}

}  // namespace titan::cost
