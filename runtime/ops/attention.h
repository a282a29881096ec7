#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

// Shapes: B batch, H query heads, K key/value heads, S queries, T keys, D head size.

struct AttentionResult {
  at::Tensor out_BHSD;       // laid out like q: heads inside tokens stay heads inside tokens
  at::Tensor logsumexp_BHS;  // of the scaled scores; float32, float64 for float64 inputs; takes no gradient
};

/// Computes softmax(scale · q kᵀ) v without holding the scores. q [B, H, S, D], k and v [B, K, T, D] with H a multiple
/// of K (query head h reads key head h / (H / K)), any strides, one dtype: float32, bfloat16 or float64. `causal` lets
/// query s read the keys t <= s and requires S == T. Without any key, out is 0 and logsumexp -inf.
AttentionResult attention(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD, bool causal,
                          double scale);

}  // namespace titan::ops
