#include "estimator/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "estimator/simulate/price.h"
#include "runtime/config/config_error.h"

namespace titan::estimator {
namespace {

// Four digits are shown; measurements do not determine more than two.
const cost::FitOptions kOptions{.tolerance = 1e-7};

double predicted_speed(const MeasuredRun& run, const hardware::Machine& machine) {
  double step_time_s = 0.0;
  for (const auto& role : replay_roles(run.recording, machine, false)) {
    step_time_s = std::max(step_time_s, role.steps.back().end_s - role.steps.back().begin_s);
  }
  const auto world_size = static_cast<double>(run.recording.role_of_rank.size());
  return static_cast<double>(run.recording.tokens_per_step) / world_size / step_time_s;
}

/// The free factors of the file, each starting at its value.
std::vector<cost::Factor> free_factors(const hardware::Machine& machine) {
  std::vector<cost::Factor> factors;
  for (const auto& free : machine.gpu.free) {
    factors.push_back(
        {.name = free.key, .start = hardware::factor(machine, free.key), .low = free.low, .high = free.high});
  }
  return factors;
}

/// The residuals of all runs at values of the factors. What was asked before is remembered: fits that leave runs out
/// begin where they all end, with the same Jacobian.
class Trials {
 public:
  Trials(const std::vector<MeasuredRun>& runs, const std::function<void(int)>& before_trial)
      : runs_(runs), before_trial_(before_trial) {}

  std::vector<double> operator()(const std::vector<double>& values) {
    const auto [known, is_new] = known_.try_emplace(values);
    if (!is_new) return known->second;
    if (before_trial_) before_trial_(static_cast<int>(known_.size()));
    for (const auto& run : runs_) known->second.push_back(residual(run, values));
    return known->second;
  }

 private:
  static double residual(const MeasuredRun& run, const std::vector<double>& values) {
    hardware::Machine machine = run.machine;
    for (size_t i = 0; i < values.size(); ++i) hardware::set_factor(machine, machine.gpu.free[i].key, values[i]);
    return std::log(predicted_speed(run, machine) / run.tokens_per_second_per_gpu);
  }

  const std::vector<MeasuredRun>& runs_;
  const std::function<void(int)>& before_trial_;
  std::map<std::vector<double>, std::vector<double>> known_;
};

/// The factors, starting where the fit ended unless that is a bound.
std::vector<cost::Factor> starting_at(const cost::Fit& fit, std::vector<cost::Factor> factors) {
  for (size_t i = 0; i < factors.size(); ++i) {
    if (!fit.factors[i].at_bound) factors[i].start = fit.factors[i].value;
  }
  return factors;
}

std::vector<std::string> names(const std::vector<MeasuredRun>& runs, std::string MeasuredRun::*name) {
  std::vector<std::string> all;
  for (const auto& run : runs) all.push_back(run.*name);
  return all;
}

bool has_two(const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [&](const auto& group) { return group != groups.front(); });
}

}  // namespace

CalibrationFit calibrate(const std::vector<MeasuredRun>& runs, const std::function<void(int)>& before_trial) {
  CalibrationFit result;
  const auto& machine = runs.front().machine;
  result.hardware = machine.gpu.file.filename().string();
  const auto factors = free_factors(machine);
  if (factors.empty()) throw config::ConfigError(result.hardware, "names no free factor (calibration.free)");
  if (runs.size() < factors.size()) {
    throw config::ConfigError(result.hardware, "has " + std::to_string(factors.size()) +
                                                   " free factors, which need as many measured rows; found " +
                                                   std::to_string(runs.size()));
  }
  Trials trials(runs, before_trial);
  const cost::Residuals residuals = [&](const std::vector<double>& values) { return trials(values); };
  result.fit = cost::fit(factors, residuals, kOptions);
  std::vector<double> start;
  for (const auto& factor : factors) start.push_back(factor.start);
  result.before = residuals(start);
  result.after = result.fit.residuals;
  const auto near = starting_at(result.fit, factors);
  const auto ids = names(runs, &MeasuredRun::id), tables = names(runs, &MeasuredRun::table);
  if (runs.size() > factors.size()) result.left_out_rows = cost::leave_one_group_out(near, residuals, ids, kOptions);
  if (has_two(tables)) result.left_out_tables = cost::leave_one_group_out(near, residuals, tables, kOptions);
  return result;
}

}  // namespace titan::estimator
