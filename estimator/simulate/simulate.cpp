#include "estimator/simulate/simulate.h"

#include <algorithm>

#include "estimator/hardware/units.h"
#include "estimator/simulate/memory.h"
#include "estimator/simulate/price.h"
#include "runtime/config/rules/validate.h"
#include "runtime/mesh/parallel_dims.h"
#include "runtime/train/batch_rules.h"

namespace titan::estimator {
namespace {

std::string describe_checkpointing(const config::JobConfig& config) {
  const auto& checkpoint = config.activation_checkpoint;
  if (checkpoint.mode == "selective") return "selective " + checkpoint.selective_ac_option;
  if (checkpoint.mode == "memory_budget") return "memory_budget " + std::to_string(checkpoint.memory_budget);
  return checkpoint.mode;
}

Subject describe(const Request& request) {
  const auto& [config, model, machine, world_size, num_steps, dtype, blocks_per_unit] = request;
  const mesh::ParallelDims dims(config::degrees_of(config), world_size);
  const auto& degrees = dims.degrees();
  const auto batch = train::resolve_batch(config.training.local_batch_size, config.training.global_batch_size,
                                          degrees.dp_replicate * degrees.dp_shard);
  Subject subject;
  subject.model = model.name + " " + model.flavor;
  subject.num_parameters = model.num_parameters;
  subject.hardware = machine.gpu.name;
  subject.cluster = machine.cluster.name;
  subject.software = machine.software.name;
  subject.calibration = hardware::calibration_lines(machine);
  subject.degrees = {{"dp_replicate", degrees.dp_replicate},
                     {"dp_shard", degrees.dp_shard},
                     {"cp", degrees.cp},
                     {"tp", degrees.tp},
                     {"pp", degrees.pp},
                     {"ep", degrees.ep}};
  subject.world_size = world_size;
  subject.local_batch_size = batch.local;
  subject.global_batch_size = batch.global;
  subject.seq_len = config.training.seq_len;
  subject.checkpointing = describe_checkpointing(config);
  subject.capacity_bytes = static_cast<int64_t>(machine.gpu.memory_gib * hardware::kGibi);
  return subject;
}

bool fits(const RoleMemory& role, int64_t capacity_bytes) {
  return !role.out_of_memory && role.device_used_bytes <= capacity_bytes;
}

void add_rates(Estimate& estimate, const Request& request, const Recording& recording, const PricedSteps& priced) {
  const double tokens = static_cast<double>(recording.tokens_per_step) / static_cast<double>(request.world_size);
  const double flops_per_token = request.model.flops_per_token(request.config.training.seq_len);
  estimate.step_times_s = priced.step_times_s;
  estimate.step_time_s = priced.step_times_s.back();
  estimate.tokens_per_second_per_gpu = tokens / estimate.step_time_s;
  estimate.tokens_interval = {tokens / priced.step_time_interval.high, tokens / priced.step_time_interval.low};
  estimate.tflops_per_gpu = estimate.tokens_per_second_per_gpu * flops_per_token / hardware::kTera;
  estimate.mfu_percent = 100.0 * estimate.tflops_per_gpu / request.machine.gpu.peak.bfloat16_tflops;
}

}  // namespace

Estimate simulate(const Request& request, const Recording& recording, bool keep_times) {
  Estimate estimate;
  estimate.subject = describe(request);
  const auto priced =
      price(recording, request.machine, {.interval_level = estimate.interval_level, .keep_timeline = keep_times});
  add_rates(estimate, request, recording, priced);
  estimate.time = priced.time;
  estimate.coverage = priced.coverage;
  estimate.timeline = priced.timeline;
  for (size_t i = 0; i < recording.roles.size(); ++i) {
    const auto& role = recording.roles[i];
    estimate.memory.push_back(measure_memory(role, request.machine));
    if (keep_times) estimate.memory.back().curve = memory_curve(role, request.machine, priced.roles[i]);
  }
  estimate.fits = std::all_of(estimate.memory.begin(), estimate.memory.end(),
                              [&](const RoleMemory& role) { return fits(role, estimate.subject.capacity_bytes); });
  estimate.peak_reserved_interval = reserved_interval(fullest(estimate), estimate.interval_level);
  return estimate;
}

Estimate simulate(const Request& request, bool keep_times) { return simulate(request, record(request), keep_times); }

}  // namespace titan::estimator
