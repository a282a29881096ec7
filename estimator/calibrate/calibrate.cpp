#include "estimator/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>

#include "estimator/simulate/price.h"
#include "runtime/config/config_error.h"

namespace titan::estimator {
namespace {

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

cost::Residuals residuals_of(const std::vector<MeasuredRun>& runs) {
  return [&runs](const std::vector<double>& values) {
    std::vector<double> residuals;
    for (const auto& run : runs) {
      hardware::Machine machine = run.machine;
      for (size_t i = 0; i < values.size(); ++i) {
        hardware::set_factor(machine, run.machine.gpu.free[i].key, values[i]);
      }
      residuals.push_back(std::log(predicted_speed(run, machine) / run.tokens_per_second_per_gpu));
    }
    return residuals;
  };
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

CalibrationFit calibrate(const std::vector<MeasuredRun>& runs) {
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
  const auto residuals = residuals_of(runs);
  result.fit = cost::fit(factors, residuals);
  std::vector<double> start;
  for (const auto& factor : factors) start.push_back(factor.start);
  result.before = residuals(start);
  result.after = result.fit.residuals;
  const auto ids = names(runs, &MeasuredRun::id), tables = names(runs, &MeasuredRun::table);
  if (runs.size() > factors.size()) result.left_out_rows = cost::leave_one_group_out(factors, residuals, ids);
  if (has_two(tables)) result.left_out_tables = cost::leave_one_group_out(factors, residuals, tables);
  return result;
}

}  // namespace titan::estimator
