#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/metrics/colours.h"

namespace titan::metrics {

/// What one logged training step reports. Absent loss and norm: the platform has no values. Rates and times are means
/// over the steps since the last logged one.
struct StepRecord {
  int64_t step = 0;
  std::optional<double> loss;
  std::optional<double> max_loss;
  std::optional<double> grad_norm;  // before clipping
  double lr = 0.0;
  double tokens_per_second_per_device = 0.0;
  double tflops = 0.0;                // per device
  std::optional<double> mfu_percent;  // absent: the device has no peak rate
  int64_t memory_reserved_bytes = 0;  // peak
  int64_t memory_capacity_bytes = 0;
  double step_time_s = 0.0;
  double data_time_s = 0.0;  // per step, waiting for batches
  double data_loading_percent = 0.0;
  int64_t tokens_seen = 0;  // all ranks, since the first step of training
};

/// What one validation pass reports.
struct ValidationRecord {
  int64_t step = 0;
  std::optional<double> loss;
  double tokens_per_second_per_device = 0.0;
  int64_t memory_reserved_bytes = 0;  // peak
  int64_t memory_capacity_bytes = 0;
  double time_s = 0.0;
};

/// Formats the console line of a training step.
std::string step_line(const StepRecord& record, const Colours& colours);

/// Formats the console line of a validation pass.
std::string validation_line(const ValidationRecord& record, const Colours& colours);

/// Formats one line of metrics.jsonl, without a newline. Numbers read back as the same doubles; absent or not finite:
/// null.
std::string json_line(const StepRecord& record);

/// Formats one line of validation.jsonl, without a newline.
std::string json_line(const ValidationRecord& record);

/// Formats `CUDA capacity: <name> with <x>GiB memory`.
std::string capacity_line(const std::string& device_type, const std::string& device_name, int64_t capacity_bytes);

/// Formats `CUDA memory usage for model: <x>GiB(<y>%)`.
std::string model_memory_line(const std::string& device_type, int64_t reserved_bytes, int64_t capacity_bytes);

}  // namespace titan::metrics
