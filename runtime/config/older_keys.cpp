#include "runtime/config/older_keys.h"

namespace titan::config {
namespace {

struct OlderKey {
  std::string_view key;
  std::string_view answer;
};

constexpr OlderKey kOlderKeys[] = {
    {"checkpoint.enable_checkpoint", "is now checkpoint.enable"},
    {"checkpoint.interval_type", "is gone: checkpoint.interval counts steps"},
    {"checkpoint.model_weights_only", "is now checkpoint.last_save_model_only"},
    {"experimental.context_parallel_degree", "is now parallelism.context_parallel_degree"},
    {"experimental.enable_async_tensor_parallel", "is now parallelism.enable_async_tensor_parallel"},
    {"experimental.pipeline_parallel_degree", "is now parallelism.pipeline_parallel_degree"},
    {"experimental.pipeline_parallel_schedule", "is now parallelism.pipeline_parallel_schedule"},
    {"float8.enable_float8_linear", "is now model.converters = [\"quantize.linear.float8\"]"},
    {"float8.enable_fsdp_float8_all_gather", "is now quantize.linear.float8.enable_fsdp_float8_all_gather"},
    {"float8.filter_fqns", "is now quantize.linear.float8.filter_fqns"},
    {"float8.precompute_float8_dynamic_scale_for_fsdp",
     "is now quantize.linear.float8.precompute_float8_dynamic_scale_for_fsdp"},
    {"job.use_for_integration_test", "is gone: a shipped file is used like any other"},
    {"metrics.enable_color_printing", "is now metrics.disable_color_printing, with the opposite meaning"},
    {"model.norm_type", "is gone: the norm belongs to model.flavor (Llama has RMSNorm)"},
    {"model.tokenizer_path", "is now model.hf_assets_path, the folder that holds the tokenizer's files"},
    {"training.batch_size", "is now training.local_batch_size"},
    {"training.compile", "is now compile.enable"},
    {"training.data_parallel_degree", "is now parallelism.data_parallel_shard_degree"},
    {"training.data_parallel_replicate_degree", "is now parallelism.data_parallel_replicate_degree"},
    {"training.data_parallel_shard_degree", "is now parallelism.data_parallel_shard_degree"},
    {"training.deterministic", "is now debug.deterministic"},
    {"training.seed", "is now debug.seed"},
    {"training.tensor_parallel_degree", "is now parallelism.tensor_parallel_degree"},
    {"training.warmup_steps", "is now lr_scheduler.warmup_steps"},
};

}  // namespace

std::optional<std::string> answer_older_key(std::string_view key) {
  for (const auto& older : kOlderKeys) {
    if (older.key == key) return std::string(older.answer);
  }
  return {};
}

}  // namespace titan::config
