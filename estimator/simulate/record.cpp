#include "estimator/simulate/record.h"

#include <ATen/ops/empty.h>

#include <array>
#include <iostream>
#include <sstream>

#include "runtime/config/config_error.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "sim/memory/out_of_memory.h"
#include "sim/platform/sim_platform.h"

namespace titan::estimator {
namespace {

sim::RmsNormKernel rms_norm_kernel(const std::string& name) {
  if (name == "fused") return sim::RmsNormKernel::fused;
  return name == "composite" ? sim::RmsNormKernel::composite : sim::RmsNormKernel::written_out;
}

sim::DeviceOptions device_options(const hardware::Machine& machine) {
  sim::DeviceOptions options;
  options.memory.expandable_segments = machine.software.memory.segments == "expandable";
  options.matmul_workspace_bytes =
      static_cast<uint64_t>(machine.software.cublas_workspace_bytes(machine.gpu.architecture));
  options.rms_norm = rms_norm_kernel(machine.software.fusion.rms_norm);
  return options;
}

/// Tokens whose values nobody reads; they lie in real memory.
data::Batch empty_batch(const train::Session& session) {
  constexpr int64_t kMostTokens = 1 << 27;  // 2 GiB with the labels
  const std::array<int64_t, 2> sizes{session.batch_rules().per_rank(), session.config().training.seq_len};
  const double tokens = static_cast<double>(sizes[0]) * static_cast<double>(sizes[1]);
  if (tokens > static_cast<double>(kMostTokens)) {
    std::ostringstream text;
    text << "must be at most " << kMostTokens << " tokens on one rank in one step, found " << sizes[0]
         << " sequences of " << sizes[1];
    throw config::ConfigError("training.global_batch_size", text.str());
  }
  return {.tokens = at::empty(sizes, at::kLong), .labels = at::empty(sizes, at::kLong)};
}

/// The model as the predicted program writes it.
train::ModelSpec model_of(const Request& request) {
  train::ModelSpec model = request.model;
  if (!request.machine.software.attention.repeats_key_heads) return model;
  model.build = [build = request.model.build](const train::ModelOptions& options) {
    train::ModelOptions repeating = options;
    repeating.repeats_key_heads = true;
    return build(repeating);
  };
  return model;
}

trace::Trace record_rank(const Request& request, int rank, int64_t& tokens_per_step) {
  metrics::Logger quiet(std::cout, {.quiet = true});
  sim::SimPlatform platform({.rank = rank, .size = static_cast<int>(request.world_size), .local_rank = 0},
                            device_options(request.machine));
  const train::ModelSpec model = model_of(request);
  train::Session session({.config = request.config,
                          .model = model,
                          .platform = platform,
                          .log = quiet,
                          .uniform_dtype = request.uniform_dtype,
                          .fsdp_blocks_per_unit = request.fsdp_blocks_per_unit});
  tokens_per_step = session.batch_rules().global * request.config.training.seq_len;
  const auto batch = empty_batch(session);
  for (int64_t step = 1; step <= request.num_steps; ++step) {
    train::train_step(session, batch, step, request.config.optimizer.lr);
  }
  return platform.take_trace();
}

}  // namespace

replay::World Recording::world() const {
  replay::World world{.roles = {}, .role_of_rank = role_of_rank};
  for (const auto& role : roles) world.roles.push_back(&role.trace);
  return world;
}

// Pipelines, context and expert parallelism will make several roles; until then all ranks are of one.
Recording record(const Request& request) {
  Recording recording;
  recording.role_of_rank.assign(static_cast<size_t>(request.world_size), 0);
  recording.roles.push_back({.multiplicity = request.world_size, .trace = {}});
  try {
    recording.roles.front().trace = record_rank(request, 0, recording.tokens_per_step);
  } catch (const memory::OutOfMemoryError& error) {  // of the memory without end: an address space of 64 TiB
    throw config::ConfigError("training", "one GPU would need more than any device has: " + std::string(error.what()));
  }
  return recording;
}

}  // namespace titan::estimator
