#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/config/job_config.h"
#include "runtime/train/model_spec.h"
#include "sim/platform/sim_platform.h"

namespace titan::test {

/// A training run of a small model: what the laws of recorded steps compare.
struct StepCase {
  std::string name;
  int world_size = 1;
  config::JobConfig config;
  int64_t fsdp_blocks_per_unit = 1;
};

/// The Llama 3 debugmodel, in float32, 8 rows a step, at a length that tests can wait for.
train::ModelSpec debug_model();
config::JobConfig debug_config();

/// Plain, FSDP 4, TP 2, HSDP 2x2 with TP 2, every checkpointing mode, accumulation, blocks wrapped together.
std::vector<StepCase> step_cases();

/// What else a step may do: mixed precision, fused operators, other optimizers, uneven shards, whole logits.
std::vector<StepCase> more_step_cases();

/// Shards, gradients and optimizer state in host memory, in every layout and with every optimizer.
std::vector<StepCase> offload_cases();

/// One of them by its name.
const StepCase& find_case(const std::vector<StepCase>& cases, const std::string& name);

/// Builds a session on `platform`, runs `num_steps` steps of this rank's part of the batch, and calls `at_end` while
/// the session still holds its memory.
void train_steps(const StepCase& one, platform::Platform& platform, int num_steps, const std::function<void()>& at_end);

/// Records `num_steps` steps of one rank.
trace::Trace record(const StepCase& one, int rank, const sim::DeviceOptions& options, int num_steps = 1);

}  // namespace titan::test
