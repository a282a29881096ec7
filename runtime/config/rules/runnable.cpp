#include "runtime/config/rules/runnable.h"

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/rules/python_keys.h"
#include "runtime/config/rules/rules.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

/// A setting that is not there yet. Shorten these tables as features arrive.
struct Missing {
  const char* key;
  bool (*is_wanted)(const JobConfig&);
  const char* what;
};

using Job = const JobConfig&;

constexpr Missing kMissingInStep[] = {
    {"parallelism.enable_async_tensor_parallel",
     [](Job c) { return c.parallelism.enable_async_tensor_parallel && c.parallelism.tensor_parallel_degree > 1; },
     "asynchronous tensor parallelism"},
    {"parallelism.pipeline_parallel_degree", [](Job c) { return c.parallelism.pipeline_parallel_degree > 1; },
     "pipelines"},
    {"parallelism.context_parallel_degree", [](Job c) { return c.parallelism.context_parallel_degree > 1; },
     "context parallelism"},
    {"parallelism.expert_parallel_degree", [](Job c) { return c.parallelism.expert_parallel_degree > 1; },
     "expert parallelism"},
    {"parallelism.expert_tensor_parallel_degree", [](Job c) { return c.parallelism.expert_tensor_parallel_degree > 1; },
     "expert tensor parallelism"},
    {"model.converters", [](Job c) { return !c.model.converters.empty(); }, "quantisation"},
    {"model.flavor", [](Job c) { return flavor_attention_is(c, "flex") || flavor_attention_is(c, "varlen"); },
     "flex and varlen attention"},
    {"fault_tolerance.enable", [](Job c) { return c.fault_tolerance.enable; }, "training in replica groups"},
};

constexpr Missing kMissingBesideStep[] = {
    {"profiling.enable_profiling", [](Job c) { return c.profiling.enable_profiling; }, "profiling"},
    {"profiling.enable_memory_snapshot", [](Job c) { return c.profiling.enable_memory_snapshot; }, "memory snapshots"},
    {"metrics.enable_tensorboard", [](Job c) { return c.metrics.enable_tensorboard; }, "TensorBoard output"},
    {"metrics.enable_wandb", [](Job c) { return c.metrics.enable_wandb; }, "Weights & Biases output"},
    {"checkpoint.enable", [](Job c) { return c.checkpoint.enable; }, "checkpointing"},
    {"validation.enable", [](Job c) { return c.validation.enable; }, "validation"},
    {"job.save_config_file", [](Job c) { return c.job.save_config_file.has_value(); }, "saving the configuration"},
    {"model.print_after_conversion", [](Job c) { return c.model.print_after_conversion; },
     "printing the converted model"},
};

void check_model_name(const std::string& name, const std::vector<std::string>& models) {
  if (contains(models, name)) return;
  std::string list;
  for (const auto& model : models) list += (list.empty() ? "" : ", ") + model;
  throw ConfigError("model.name", "must be one of " + list + "; found " + in_quotes(name) + did_you_mean(name, models));
}

}  // namespace

std::vector<std::string> check_runnable(const JobConfig& config, RunKind kind, const std::vector<std::string>& models) {
  check_model_name(config.model.name, models);
  for (const auto& missing : kMissingInStep) {
    if (missing.is_wanted(config)) throw ConfigError(missing.key, std::string(missing.what) + ": not there yet");
  }
  std::vector<std::string> notices = python_key_notices(config);
  for (const auto& missing : kMissingBesideStep) {
    if (!missing.is_wanted(config)) continue;
    if (kind == RunKind::kReal) throw ConfigError(missing.key, std::string(missing.what) + ": not there yet");
    notices.push_back(std::string(missing.key) + ": accepted, but " + missing.what + ": not there yet");
  }
  return notices;
}

}  // namespace titan::config
