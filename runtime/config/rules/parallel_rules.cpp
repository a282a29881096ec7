#include <algorithm>
#include <numeric>

#include "runtime/config/config_error.h"
#include "runtime/config/rules/rules.h"

namespace titan::config {
namespace {

std::string divisors_text(int64_t number) {
  std::string out;
  for (int64_t divisor = 1; divisor <= number; ++divisor) {
    if (number % divisor == 0) out += (out.empty() ? "" : ", ") + std::to_string(divisor);
  }
  return out;
}

/// Refuses a tp that cuts one of the model's sizes unevenly, naming the degrees that cut none.
void check_model_divides(int64_t tp, const ModelDims& model) {
  const struct {
    const char* name;
    int64_t size;
  } sizes[] = {{"attention heads", model.num_heads},
               {"key and value heads", model.num_kv_heads},
               {"feed-forward width", model.ffn_hidden},
               {"vocabulary", model.vocab_size}};
  int64_t common = 0;
  for (const auto& part : sizes) common = std::gcd(common, part.size);
  for (const auto& part : sizes) {
    if (part.size % tp == 0) continue;
    throw ConfigError("parallelism.tensor_parallel_degree",
                      "must divide the model's " + std::string(part.name) + " (" + std::to_string(part.size) +
                          "), found " + std::to_string(tp) + "; allowed: " + divisors_text(common));
  }
}

}  // namespace

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool flavor_attention_is(const JobConfig& config, std::string_view kind) {
  return config.model.flavor.find("_" + std::string(kind)) != std::string::npos;
}

void check_tensor_parallel(const JobConfig& config, const std::optional<ModelDims>& model) {
  const int64_t tp = config.parallelism.tensor_parallel_degree;
  if (tp == 1) return;
  if (model) check_model_divides(tp, *model);
  const bool model_is_compiled = config.compile.enable && contains(config.compile.components, "model");
  if (config.parallelism.enable_async_tensor_parallel && !model_is_compiled) {
    throw ConfigError("parallelism.enable_async_tensor_parallel",
                      "Async TP requires 'model' in --compile.components and --compile.enable");
  }
}

void check_context_parallel(const JobConfig& config) {
  if (config.parallelism.context_parallel_degree == 1) return;
  if (flavor_attention_is(config, "varlen")) {
    throw ConfigError("parallelism.context_parallel_degree",
                      "must be 1 with varlen attention (model.flavor = " + config.model.flavor + "), found " +
                          std::to_string(config.parallelism.context_parallel_degree));
  }
  if (config.parallelism.context_parallel_load_balancer == "ptrr" && !flavor_attention_is(config, "flex")) {
    throw ConfigError("parallelism.context_parallel_load_balancer",
                      "ptrr balances by the mask of flex attention, which model.flavor = " + config.model.flavor +
                          " lacks; allowed: headtail, none");
  }
}

void check_expert_parallel(const JobConfig& config) {
  const ParallelismSection& parallelism = config.parallelism;
  if (parallelism.expert_parallel_comm_backend == "deepep") {
    if (parallelism.expert_parallel_degree == 1) {
      throw ConfigError("parallelism.expert_parallel_comm_backend",
                        "deepep needs parallelism.expert_parallel_degree above 1, found 1");
    }
    if (parallelism.expert_tensor_parallel_degree != 1) {
      throw ConfigError("parallelism.expert_parallel_comm_backend",
                        "deepep needs parallelism.expert_tensor_parallel_degree 1, found " +
                            std::to_string(parallelism.expert_tensor_parallel_degree));
    }
  }
  const bool overlaps = parallelism.pipeline_parallel_schedule == "DualPipeV" &&
                        parallelism.pipeline_parallel_degree > 1 && parallelism.expert_parallel_degree > 1 &&
                        parallelism.pipeline_parallel_expert_parallel_overlap;
  if (overlaps && config.activation_checkpoint.mode != "none") {
    throw ConfigError(
        "activation_checkpoint.mode",
        "Expert Parallel with DualPipeV and Activation Checkpointing cannot be used together. Please disable "
        "one of them. Found " +
            config.activation_checkpoint.mode +
            ", or set parallelism.pipeline_parallel_expert_parallel_overlap to false");
  }
}

}  // namespace titan::config
