#pragma once

#include <cstdint>
#include <iosfwd>

namespace titan::cli {

struct ModelsOptions {
  bool json = false;
  int64_t seq_len = 2048;  // training.seq_len: FLOPs per token grow with it
};

/// `titan models`: lists every flavor with its sizes, parameter count and FLOPs per token of a training step; as a
/// table, or as one JSON array of {name, flavor, num_parameters, flops_per_token, seq_len, num_layers, dim, num_heads,
/// num_kv_heads, ffn_hidden, vocab_size}.
void print_models(const ModelsOptions& options, std::ostream& out);

}  // namespace titan::cli
