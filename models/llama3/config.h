#pragma once

#include <string>
#include <vector>

#include "runtime/nn/rotary.h"
#include "runtime/train/model_spec.h"

namespace titan::models::llama3 {

/// The sizes and constants of one flavor of Llama 2 or 3.
struct Config {
  train::ModelDims dims;
  double norm_eps = 1e-5;
  double rope_theta = 500000.0;
  std::optional<nn::RotaryScaling> rope_scaling;
  bool repeats_key_heads = false;  // of the run, not of the flavor

  int64_t head_dim() const { return dims.dim / dims.num_heads; }
};

struct Flavor {
  std::string name;
  Config config;
};

/// Lists the flavors of the family's two models.
std::vector<Flavor> llama3_flavors();
std::vector<Flavor> llama2_flavors();

/// Gives the inner width of the feed-forward layer: floor(8 dim / 3), times `multiplier`, rounded down, then up to a
/// multiple of `multiple_of` (reference §3.1).
int64_t ffn_hidden(int64_t dim, double multiplier, int64_t multiple_of);

/// Counts all parameters.
int64_t num_parameters(const Config& config);

/// Estimates floating-point operations per token of forward and backward: 6 per parameter outside the embedding, and 12
/// · layers · width · seq_len for attention without causal discount (reference §3.2).
double flops_per_token(const Config& config, int64_t seq_len);

}  // namespace titan::models::llama3
