#pragma once

namespace titan::ops {

/// Registers the operators of the `titan` library and their CPU kernels with LibTorch's dispatcher. Idempotent and
/// thread-safe; our operators call it themselves. Call it before registering kernels for another device:
/// - titan::attention(Tensor q, Tensor k, Tensor v, bool causal, float scale) -> (Tensor out, Tensor logsumexp)
/// - titan::attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp, bool
/// causal,
///   float scale) -> (Tensor grad_q, Tensor grad_k, Tensor grad_v)
void register_operators();

}  // namespace titan::ops
