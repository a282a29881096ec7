#include "cli/gpu_measurement.h"

#include <c10/core/AutogradState.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "models/registry.h"
#include "runtime/train/dtypes.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "validate/divergence/synthetic_batch.h"

namespace titan::cli {
namespace {

constexpr int64_t kWarmUpSteps = 3;  // the first allocates optimizer state, the next load the last kernels
constexpr int64_t kNumBlocks = 3;
constexpr double kLearningRate = 1e-6;  // on tokens without sense: takes as long as any other, and stays finite

/// Trains without ever waiting for the device but where a step itself does.
class GpuRun {
 public:
  GpuRun(const Job& job, const train::ModelSpec& model, platform::Platform& platform)
      : platform_(platform),
        log_(std::cerr, {.quiet = true}),
        session_({.config = job.config,
                  .model = model,
                  .platform = platform,
                  .log = log_,
                  .uniform_dtype = job.titan.dtype ? std::optional(train::parse_dtype(*job.titan.dtype)) : std::nullopt,
                  .fsdp_blocks_per_unit = job.titan.fsdp_blocks_per_unit}),
        batch_(validate::synthetic_batch(1, session_.batch_rules().per_rank(), job.config.training.seq_len,
                                         model.dims.vocab_size)) {}

  /// Returns the seconds of one of `count` steps, with all work of the device.
  double time_steps(int64_t count) {
    synchronize();
    const double begin = platform_.now();
    for (int64_t i = 0; i < count; ++i) train::train_step(session_, batch_, ++step_, kLearningRate);
    synchronize();
    return (platform_.now() - begin) / static_cast<double>(count);
  }

 private:
  void synchronize() { platform_.record_event(platform_.stream(platform::StreamRole::compute))->synchronize(); }

  platform::Platform& platform_;
  metrics::Logger log_;
  train::Session session_;
  data::Batch batch_;
  int64_t step_ = 0;
};

void fill_times(GpuRun& run, int64_t block_steps, validate::GpuMeasurement& measurement) {
  std::vector<double> blocks_s;
  for (int64_t i = 0; i < kNumBlocks; ++i) blocks_s.push_back(run.time_steps(block_steps));
  std::sort(blocks_s.begin(), blocks_s.end());
  const double median_s = blocks_s[blocks_s.size() / 2];
  measurement.figures.step_time_s = median_s;
  measurement.step_time_spread = (blocks_s.back() - blocks_s.front()) / median_s;
}

// What the device holds beside the allocator stays for good, so that what it held at the peak follows from now.
void fill_memory(platform::Platform& platform, int64_t used_bytes, validate::GpuFigures& figures) {
  const auto memory = platform.memory_stats();
  figures.peak_allocated_bytes = memory.peak_allocated_bytes;
  figures.peak_reserved_bytes = memory.peak_reserved_bytes;
  figures.device_used_bytes = used_bytes - memory.reserved_bytes + memory.peak_reserved_bytes;
}

}  // namespace

validate::GpuMeasurement measure_on_gpu(const Job& job, platform::CudaPlugin& plugin, int64_t block_steps) {
  const auto model = models::find_model(job.config.model.name, job.config.model.flavor);
  check_rules(job, model, {.kind = WorldKind::fake, .world = {}});  // what does not change the step is left out
  c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  validate::GpuMeasurement measurement{.gpu = plugin.device_name(0), .figures = {}};
  const auto platform = plugin.make_platform({});
  try {
    GpuRun run(job, model, *platform);
    run.time_steps(kWarmUpSteps);
    fill_times(run, block_steps, measurement);
    fill_memory(*platform, plugin.device_used_bytes(0), measurement.figures);
  } catch (const c10::OutOfMemoryError&) {
    measurement.figures = {.fits = false};
    measurement.step_time_spread = 0.0;
  }
  return measurement;
}

}  // namespace titan::cli
