#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/report/estimate.h"

namespace titan::validate {

/// What one rank's steps took of one GPU, predicted or measured. Peaks are over the whole run, the time is of a step in
/// steady state.
struct GpuFigures {
  int64_t peak_allocated_bytes = 0;
  int64_t peak_reserved_bytes = 0;
  int64_t device_used_bytes = 0;
  double step_time_s = 0.0;
  bool fits = true;  // false: measured figures are absent, predicted ones those of a larger GPU
};

/// The figures that an estimate on one GPU predicts.
GpuFigures figures_of(const estimator::Estimate& estimate);

/// What a run on the GPU measured.
struct GpuMeasurement {
  std::string gpu;  // "NVIDIA H100 80GB HBM3"
  GpuFigures figures;
  double step_time_spread = 0.0;  // (slowest - fastest) / median of the blocks of steps that were timed
};

/// The form in which a run hands its measurement to the process that started it.
std::string to_json(const GpuMeasurement& measurement);
/// Reads what to_json wrote. Throws ConfigError(file, ...).
GpuMeasurement measurement_from_json(std::string_view text, const std::string& file);

struct GpuResult {
  std::string name;
  std::optional<GpuFigures> predicted;
  std::optional<GpuMeasurement> measured;
  std::string failure;  // why one of them is absent
};

/// predicted / measured - 1; absent where either side is, ran out of memory, or the measured value is 0.
struct GpuErrors {
  std::optional<double> allocated, reserved, device_used, step_time;
};
GpuErrors errors_of(const GpuResult& result);

/// Whether prediction and GPU agree on fitting; absent where either is.
std::optional<bool> agrees_on_fitting(const GpuResult& result);

/// What to say about each figure that is further off than `tolerance` (0.15: 15 %), and each configuration that one
/// side says fits and the other does not; one line each.
std::vector<std::string> beyond(const std::vector<GpuResult>& results, double tolerance);

/// A table of predicted, measured and error for each configuration, mean and worst absolute errors, and what failed. At
/// most 110 columns.
std::string comparison_text(const std::vector<GpuResult>& results);
/// The same figures as JSON, ending with a newline. `hardware`: the file that predicted.
std::string comparison_json(const std::vector<GpuResult>& results, const std::string& hardware);

}  // namespace titan::validate
