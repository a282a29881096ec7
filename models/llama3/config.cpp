#include "models/llama3/config.h"

namespace titan::models::llama3 {

int64_t ffn_hidden(int64_t dim, double multiplier, int64_t multiple_of) {
  const auto hidden = static_cast<int64_t>(multiplier * static_cast<double>(8 * dim / 3));
  return (hidden + multiple_of - 1) / multiple_of * multiple_of;
}

std::vector<Flavor> llama3_flavors() {
  const auto flavor = [](std::string name, train::ModelDims dims) {
    return Flavor{std::move(name), Config{.dims = dims, .rope_scaling = nn::RotaryScaling{}}};
  };
  // layers, width, heads, key/value heads, ffn, vocabulary
  return {
      flavor("debugmodel", {6, 256, 16, 16, ffn_hidden(256, 1.0, 256), 2048}),
      flavor("8B", {32, 4096, 32, 8, ffn_hidden(4096, 1.3, 1024), 128256}),
      flavor("8B_4L", {4, 4096, 32, 8, ffn_hidden(4096, 1.3, 1024), 128256}),  // trains on one GPU of 80 GB
      flavor("70B", {80, 8192, 64, 8, ffn_hidden(8192, 1.3, 4096), 128256}),
      flavor("405B", {126, 16384, 128, 8, ffn_hidden(16384, 1.2, 4096), 128256}),
  };
}

std::vector<Flavor> llama2_flavors() {
  const auto flavor = [](std::string name, train::ModelDims dims) {
    return Flavor{std::move(name), Config{.dims = dims, .rope_theta = 10000.0}};
  };
  return {
      flavor("7B", {32, 4096, 32, 32, ffn_hidden(4096, 1.0, 256), 32000}),
      flavor("13B", {40, 5120, 40, 40, ffn_hidden(5120, 1.0, 256), 32000}),
      flavor("70B", {80, 8192, 64, 8, ffn_hidden(8192, 1.3, 4096), 32000}),
  };
}

int64_t num_parameters(const Config& config) {
  const auto& d = config.dims;
  const int64_t attention = 2 * d.dim * (d.num_heads + d.num_kv_heads) * config.head_dim();
  const int64_t block = attention + 3 * d.dim * d.ffn_hidden + 2 * d.dim;
  return d.num_layers * block + 2 * d.vocab_size * d.dim + d.dim;
}

double flops_per_token(const Config& config, int64_t seq_len) {
  const auto& d = config.dims;
  const int64_t outside_embedding = num_parameters(config) - d.vocab_size * d.dim;
  const int64_t attention = 2 * d.num_layers * d.num_heads * config.head_dim() * seq_len;
  return 6.0 * static_cast<double>(outside_embedding + attention);
}

}  // namespace titan::models::llama3
