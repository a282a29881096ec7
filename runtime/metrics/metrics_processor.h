#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "runtime/metrics/colours.h"
#include "runtime/metrics/json_lines_file.h"
#include "runtime/metrics/logger.h"
#include "runtime/metrics/step_record.h"
#include "runtime/platform/memory_stats.h"

namespace titan::metrics {

/// The metrics files of one run, written by one of its ranks.
struct RunFiles {
  /// Opens metrics.jsonl and validation.jsonl in `dump_folder` (JsonLinesFile).
  RunFiles(const std::filesystem::path& dump_folder, int64_t resume_step);

  JsonLinesFile steps;
  JsonLinesFile validation;
};

struct MetricsOptions {
  int64_t log_freq = 10;
  double flops_per_token = 0.0;
  std::optional<double> peak_flops;  // absent: no MFU
  int64_t ranks_per_batch = 1;       // cp * tp * pp: ranks that share a batch's tokens
  bool colours = true;
  int64_t resume_step = 0;  // steps done before this process
};

/// What the training step knows at the end of a logged step. Loss and norm are global.
struct StepValues {
  std::optional<double> loss;
  std::optional<double> max_loss;
  std::optional<double> grad_norm;
  double lr = 0.0;
  int64_t tokens_seen = 0;
};

/// Collects what happens between two logged steps and reports it: a console line and a line of metrics.jsonl. Times are
/// given by the caller, in seconds of one monotonic clock. Belongs to one rank's thread.
class MetricsProcessor {
 public:
  /// `logger` and `files` must outlive it; `files` is null on ranks that write none.
  MetricsProcessor(const MetricsOptions& options, Logger& logger, RunFiles* files, double now_s);

  /// True for step 1 and every multiple of log_freq: the only steps whose values need to reach the host.
  bool should_log(int64_t step) const;

  /// Counts a microbatch of this rank: all its label positions, and the time it was waited for.
  void add_batch(int64_t num_tokens, double waited_s);

  /// Reports a step and begins the next interval. `memory` covers the time since the last report.
  void log_step(int64_t step, const StepValues& values, const platform::MemoryStats& memory, double now_s);

  /// Reports a validation pass over `num_tokens` of this rank from `begin_s` to `end_s`, which does not count as
  /// training time.
  void log_validation(int64_t step, std::optional<double> loss, int64_t num_tokens, const platform::MemoryStats& memory,
                      double begin_s, double end_s);

  /// Takes time out of the interval (saving a checkpoint is part of training time; measuring is not).
  void exclude(double seconds) { interval_begin_s_ += seconds; }

 private:
  StepRecord make_record(int64_t step, const StepValues& values, const platform::MemoryStats& memory,
                         double now_s) const;
  void warn_about_allocator(const platform::MemoryStats& memory);

  MetricsOptions options_;
  Colours colours_;
  Logger& logger_;
  RunFiles* files_;
  double interval_begin_s_;
  int64_t last_step_;  // logged last
  int64_t tokens_ = 0;
  double waited_s_ = 0.0;
  int64_t num_alloc_retries_ = 0;  // at the last report
  int64_t num_ooms_ = 0;
};

}  // namespace titan::metrics
