#include "models/llama3/model.h"

#include "models/llama3/parallelize.h"
#include "models/llama3/units.h"

namespace titan::models::llama3 {

namespace {

train::ModelSpec make_spec(const std::string& model, const Flavor& flavor) {
  const Config config = flavor.config;
  return {.name = model,
          .flavor = flavor.name,
          .dims = config.dims,
          .num_parameters = num_parameters(config),
          .flops_per_token = [config](int64_t seq_len) { return flops_per_token(config, seq_len); },
          .tensor_plan = tensor_plan(),
          .build = [config](const train::ModelOptions& options) { return build(config, options); }};
}

std::vector<train::ModelSpec> make_specs(const std::string& model, const std::vector<Flavor>& flavors) {
  std::vector<train::ModelSpec> specs;
  for (const auto& flavor : flavors) specs.push_back(make_spec(model, flavor));
  return specs;
}

}  // namespace

train::Model build(const Config& flavor, const train::ModelOptions& options) {
  Config config = flavor;
  config.repeats_key_heads = options.repeats_key_heads;
  const auto rotary_table = std::make_shared<at::Tensor>();  // shared: a pipeline stage may drop any of the units
  train::Model model;
  model.units.push_back(std::make_unique<EmbeddingUnit>(config));
  for (int64_t layer = 0; layer < config.dims.num_layers; ++layer) {
    model.units.push_back(std::make_unique<TransformerBlock>(config, layer, rotary_table));
  }
  model.units.push_back(std::make_unique<HeadUnit>(config));
  const nn::RotaryOptions rotary{
      .head_dim = config.head_dim(), .theta = config.rope_theta, .scaling = config.rope_scaling};
  model.make_buffers = [rotary, rotary_table, seq_len = options.seq_len](at::Device device, bool has_values) {
    *rotary_table = nn::make_rotary_table(rotary, seq_len, device, has_values);
  };
  return model;
}

std::vector<train::ModelSpec> llama3_specs() { return make_specs("llama3", llama3_flavors()); }

std::vector<train::ModelSpec> llama2_specs() { return make_specs("llama2", llama2_flavors()); }

}  // namespace titan::models::llama3
