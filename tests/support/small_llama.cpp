#include "tests/support/small_llama.h"

#include "models/llama3/config.h"
#include "models/llama3/model.h"
#include "models/llama3/parallelize.h"

namespace titan::test {

namespace {

config::ModelDims dims_for(int64_t tensor_ranks, int64_t num_layers) {
  if (tensor_ranks == 1) {
    return {
        .num_layers = num_layers, .dim = 48, .num_heads = 12, .num_kv_heads = 4, .ffn_hidden = 56, .vocab_size = 61};
  }
  return {.num_layers = num_layers,
          .dim = 8 * tensor_ranks,
          .num_heads = 2 * tensor_ranks,
          .num_kv_heads = tensor_ranks,
          .ffn_hidden = 7 * tensor_ranks,
          .vocab_size = 11 * tensor_ranks};
}

}  // namespace

train::ModelSpec small_llama(int tensor_ranks, int num_layers) {
  const models::llama3::Config config{.dims = dims_for(tensor_ranks, num_layers)};
  return {.name = "llama3",
          .flavor = "small",
          .dims = config.dims,
          .num_parameters = models::llama3::num_parameters(config),
          .flops_per_token = [config](int64_t seq_len) { return models::llama3::flops_per_token(config, seq_len); },
          .tensor_plan = models::llama3::tensor_plan(),
          .build = [config](const train::ModelOptions& options) { return models::llama3::build(config, options); }};
}

config::JobConfig small_config() {
  config::JobConfig config;
  config.training.seq_len = 16;
  config.training.mixed_precision_param = "float32";
  config.training.max_norm = 0.5;
  config.training.steps = 100;
  config.lr_scheduler.warmup_steps = 2;
  config.activation_checkpoint.mode = "none";
  return config;
}

}  // namespace titan::test
