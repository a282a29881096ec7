#pragma once

#include "runtime/nn/linear.h"

namespace titan::nn {

struct AttentionOptions {
  int64_t dim = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;
  int64_t head_dim = 0;
  InitRule init_in;   // wq, wk, wv
  InitRule init_out;  // wo
  /// Copies keys and values to every query head first, as programs do whose kernels cannot share them.
  bool repeats_key_heads = false;
};

/// Causal self-attention with grouped key/value heads and rotary positions: x [B, S, dim] -> [B, S, dim]. The heads
/// that this rank computes follow from its part of the weights.
class Attention : public Module {
 public:
  Attention(Module* parent, const std::string& name, const AttentionOptions& options);
  /// `rotary_table` is that of runtime/nn/rotary.h, at least S long.
  at::Tensor forward(const at::Tensor& x_BSE, const at::Tensor& rotary_table) const;

 private:
  at::Tensor per_query_head(const at::Tensor& x_BSKD, int64_t num_heads) const;

  int64_t head_dim_;
  bool repeats_key_heads_;
  Linear wq_, wk_, wv_, wo_;
};

}  // namespace titan::nn
