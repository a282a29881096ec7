#include "cli/train_simulated.h"

#include <algorithm>
#include <iostream>

#include "cli/command.h"
#include "cli/prediction.h"
#include "cli/start_lines.h"
#include "estimator/hardware/units.h"
#include "estimator/simulate/simulate.h"
#include "runtime/metrics/metrics_processor.h"
#include "runtime/optim/lr_schedule.h"
#include "runtime/train/optimizer_settings.h"

namespace titan::cli {
namespace {

constexpr int64_t kRecordedSteps = 3;  // a step after the second repeats it: nothing in a step depends on its number

int64_t num_steps(const Job& job) {
  return job.loaded.given("training.steps") ? job.config.training.steps : job.sim.steps;
}

/// The part of `all` in [1, num_steps], repeated from its last.
double time_of(const std::vector<double>& step_times_s, int64_t step) {
  return step_times_s[static_cast<size_t>(std::min<int64_t>(step, static_cast<int64_t>(step_times_s.size())) - 1)];
}

platform::MemoryStats memory_of(const estimator::RoleMemory& role, int64_t step, int64_t capacity_bytes) {
  const auto& peaks = step == 1 ? role.first_step : role.steady;
  return {.peak_allocated_bytes = peaks.at("peak_allocated"),
          .peak_reserved_bytes = peaks.at("peak_reserved"),
          .capacity_bytes = capacity_bytes};
}

/// The console lines of a run whose steps are known.
class SimulatedLog {
 public:
  SimulatedLog(const Job& job, const train::ModelSpec& model, const Prediction& prediction,
               const estimator::Estimate& estimate)
      : job_(job),
        estimate_(estimate),
        log_(std::cout, {}),
        metrics_({.log_freq = 1,
                  .flops_per_token = model.flops_per_token(job.config.training.seq_len),
                  .peak_flops = prediction.machine().gpu.peak.bfloat16_tflops * hardware::kTera,
                  .ranks_per_batch = ranks_per_batch(),
                  .colours = !job.config.metrics.disable_color_printing},
                 log_, nullptr, 0.0) {}

  void start(const WorldPlan& plan, const Prediction& prediction, const train::ModelSpec& model) {
    log_start(job_, plan.world, prediction.notices(), log_);
    const auto& subject = estimate_.subject;
    log_.info("Simulating " + subject.hardware + ", " + subject.cluster + ", " + subject.software);
    for (const auto& line : subject.calibration) log_.info(line);
    log_.info(metrics::capacity_line("CUDA", subject.hardware, subject.capacity_bytes));
    log_.info(model_size_line(model));
  }

  void step(int64_t step, const estimator::RoleMemory& role) {
    const auto& config = job_.config;
    const auto& subject = estimate_.subject;
    now_s_ += time_of(estimate_.step_times_s, step);
    const int64_t batch_ranks = subject.degrees.at("dp_replicate") * subject.degrees.at("dp_shard");
    metrics_.add_batch(subject.global_batch_size / batch_ranks * subject.seq_len, 0.0);
    const double lr =
        config.optimizer.lr * optim::lr_factor(step - 1, train::lr_options(config.lr_scheduler), config.training.steps);
    metrics_.log_step(step, {.lr = lr, .tokens_seen = step * subject.global_batch_size * subject.seq_len},
                      memory_of(role, step, subject.capacity_bytes), now_s_);
  }

  void end(const estimator::RoleMemory& role) {
    if (estimate_.fits) {
      log_.info("Training completed");
    } else if (role.out_of_memory) {
      log_.warning(role.out_of_memory->where + ": " + role.out_of_memory->message);
    }
  }

 private:
  int64_t ranks_per_batch() const {
    const auto& degrees = estimate_.subject.degrees;
    return degrees.at("cp") * degrees.at("tp") * degrees.at("pp");
  }

  const Job& job_;
  const estimator::Estimate& estimate_;
  metrics::Logger log_;
  metrics::MetricsProcessor metrics_;
  double now_s_ = 0.0;
};

}  // namespace

int train_simulated(const Job& job, const train::ModelSpec& model, const WorldPlan& plan) {
  const Prediction prediction(job, model, plan.world.size);
  const int64_t steps = num_steps(job);
  const auto estimate = estimator::simulate(prediction.request(std::min(steps, kRecordedSteps)));
  SimulatedLog log(job, model, prediction, estimate);
  const auto& role = estimator::fullest(estimate);
  log.start(plan, prediction, model);
  for (int64_t step = 1; step <= steps; ++step) log.step(step, role);
  log.end(role);
  return estimate.fits ? kOk : kDoesNotFit;
}

}  // namespace titan::cli
