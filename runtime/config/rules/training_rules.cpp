#include "runtime/config/config_error.h"
#include "runtime/config/number_text.h"
#include "runtime/config/rules/rules.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

void check_selective_option(const std::string& option) {
  const auto frequency = read_integer(option);
  if (option == "op" || (frequency && *frequency >= 1)) return;
  throw ConfigError("activation_checkpoint.selective_ac_option",
                    "Invalid selective AC option: " + in_quotes(option) +
                        ". Valid options: 'op' or a positive int representing layer frequency");
}

void check_early_step(const JobConfig& config) {
  if (!config.optimizer.early_step_in_backward) return;
  const char* key = "optimizer.early_step_in_backward";
  if (config.parallelism.expert_parallel_degree > 1) {
    throw ConfigError(key, "Optimizers in backward is not supported with Expert Parallel.");
  }
  if (config.parallelism.pipeline_parallel_degree > 1) {
    throw ConfigError(key, "Optimizers in backward is not supported with Pipeline Parallel.");
  }
  if (config.fault_tolerance.enable) throw ConfigError(key, "TorchFT is not supported with optimizers in backward.");
}

void check_profiling(const ProfilingSection& profiling) {
  const int64_t busy = profiling.profiler_warmup + profiling.profiler_active;
  if (!profiling.enable_profiling || profiling.profile_freq >= busy) return;
  throw ConfigError("profiling.profile_freq",
                    "must be at least profiling.profiler_warmup + profiling.profiler_active (" + std::to_string(busy) +
                        "), found " + std::to_string(profiling.profile_freq));
}

void check_dataset(const char* key, const std::string& dataset, const std::string& model) {
  const bool has_images = !dataset.starts_with("c4");
  if (has_images == (model == "flux")) return;
  throw ConfigError(
      key, has_images ? in_quotes(dataset) + " holds images, which only model.name = flux trains on, found " + model
                      : in_quotes(dataset) + " holds text, but model.name = flux trains on images");
}

}  // namespace

void check_training(const JobConfig& config) {
  check_selective_option(config.activation_checkpoint.selective_ac_option);
  check_early_step(config);
  check_profiling(config.profiling);
  check_dataset("training.dataset", config.training.dataset, config.model.name);
  if (config.validation.enable) check_dataset("validation.dataset", config.validation.dataset, config.model.name);
}

}  // namespace titan::config
