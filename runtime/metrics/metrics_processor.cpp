#include "runtime/metrics/metrics_processor.h"

#include <string>
#include <utility>

#include "runtime/config/check.h"

namespace titan::metrics {
namespace {

/// A clock too coarse to see an interval gives rates of 0, not infinities.
double per_second(double amount, double seconds) { return seconds > 0.0 ? amount / seconds : 0.0; }

}  // namespace

RunFiles::RunFiles(const std::filesystem::path& dump_folder, int64_t resume_step)
    : steps(dump_folder / "metrics.jsonl", resume_step), validation(dump_folder / "validation.jsonl", resume_step) {}

MetricsProcessor::MetricsProcessor(const MetricsOptions& options, Logger& logger, RunFiles* files, double now_s)
    : options_(options),
      colours_(colours(options.colours)),
      logger_(logger),
      files_(files),
      interval_begin_s_(now_s),
      last_step_(options.resume_step) {
  config::check(options.log_freq >= 1 && options.ranks_per_batch >= 1,
                "MetricsProcessor: counts must be at least 1: log_freq=", options.log_freq,
                " ranks_per_batch=", options.ranks_per_batch);
}

bool MetricsProcessor::should_log(int64_t step) const { return step == 1 || step % options_.log_freq == 0; }

void MetricsProcessor::add_batch(int64_t num_tokens, double waited_s) {
  tokens_ += num_tokens;
  waited_s_ += waited_s;
}

StepRecord MetricsProcessor::make_record(int64_t step, const StepValues& values, const platform::MemoryStats& memory,
                                         double now_s) const {
  const double elapsed_s = now_s - interval_begin_s_;
  const auto num_steps = static_cast<double>(step - last_step_);
  const double tokens_per_device = static_cast<double>(tokens_) / static_cast<double>(options_.ranks_per_batch);
  const double tps = per_second(tokens_per_device, elapsed_s);
  const double flops = options_.flops_per_token * tps;
  StepRecord record{.step = step, .loss = values.loss, .max_loss = values.max_loss, .grad_norm = values.grad_norm};
  record.lr = values.lr;
  record.tokens_per_second_per_device = tps;
  record.tflops = flops / 1e12;
  if (options_.peak_flops) record.mfu_percent = 100.0 * flops / *options_.peak_flops;
  record.memory_reserved_bytes = memory.peak_reserved_bytes;
  record.memory_capacity_bytes = memory.capacity_bytes;
  record.step_time_s = elapsed_s / num_steps;
  record.data_time_s = waited_s_ / num_steps;
  record.data_loading_percent = 100.0 * per_second(waited_s_, elapsed_s);
  record.tokens_seen = values.tokens_seen;
  return record;
}

void MetricsProcessor::log_step(int64_t step, const StepValues& values, const platform::MemoryStats& memory,
                                double now_s) {
  config::check(step > last_step_, "log_step: steps must rise: step=", step, " last=", last_step_);
  const StepRecord record = make_record(step, values, memory, now_s);
  logger_.info(step_line(record, colours_));
  warn_about_allocator(memory);
  if (files_) files_->steps.append(json_line(record));
  interval_begin_s_ = now_s;
  last_step_ = step;
  tokens_ = 0;
  waited_s_ = 0.0;
}

void MetricsProcessor::log_validation(int64_t step, std::optional<double> loss, int64_t num_tokens,
                                      const platform::MemoryStats& memory, double begin_s, double end_s) {
  const double tokens_per_device = static_cast<double>(num_tokens) / static_cast<double>(options_.ranks_per_batch);
  const ValidationRecord record{.step = step,
                                .loss = loss,
                                .tokens_per_second_per_device = per_second(tokens_per_device, end_s - begin_s),
                                .memory_reserved_bytes = memory.peak_reserved_bytes,
                                .memory_capacity_bytes = memory.capacity_bytes,
                                .time_s = end_s - begin_s};
  logger_.info(validation_line(record, colours_));
  warn_about_allocator(memory);
  if (files_) files_->validation.append(json_line(record));
  exclude(end_s - begin_s);
}

void MetricsProcessor::warn_about_allocator(const platform::MemoryStats& memory) {
  const int64_t retries = memory.num_alloc_retries - std::exchange(num_alloc_retries_, memory.num_alloc_retries);
  const int64_t ooms = memory.num_ooms - std::exchange(num_ooms_, memory.num_ooms);
  if (retries > 0) logger_.warning(std::to_string(retries) + " memory allocation retries since the last report");
  if (ooms > 0) logger_.warning(std::to_string(ooms) + " out-of-memory errors since the last report");
}

}  // namespace titan::metrics
