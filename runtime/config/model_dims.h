#pragma once

#include <cstdint>

namespace titan::config {

/// Sizes of a model that checks before the build need.
struct ModelDims {
  int64_t num_layers = 0;
  int64_t dim = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t ffn_hidden = 0;
  int64_t vocab_size = 0;
};

}  // namespace titan::config
