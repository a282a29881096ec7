#include "runtime/platform/cuda/attention_cuda.h"

#include <ATen/ops/_scaled_dot_product_efficient_attention.h>
#include <ATen/ops/_scaled_dot_product_efficient_attention_backward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_backward.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

// Shapes: B batch, H query heads, K key heads, S queries, T keys, D head size.

namespace titan::ops {
namespace {

using Gradients = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kLogsumexpAlignment = 32;  // of rows, in the memory-efficient kernels

bool is_empty(const at::Tensor& q, const at::Tensor& k) { return q.numel() == 0 || k.numel() == 0; }

bool uses_flash(const at::Tensor& q) {
  const auto dtype = q.scalar_type();
  if (dtype == at::kBFloat16 || dtype == at::kHalf) return true;
  TORCH_CHECK(dtype == at::kFloat, "attention: CUDA has kernels for bfloat16, float16 and float32: q=", dtype);
  return false;
}

at::Tensor dense_rows(const at::Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

// Query head h reads key head h / (H / K).
at::Tensor repeat_heads(const at::Tensor& x_BKTD, int64_t num_heads) {
  if (x_BKTD.size(1) == num_heads) return dense_rows(x_BKTD);
  return x_BKTD.repeat_interleave_symint(num_heads / x_BKTD.size(1), 1);
}

at::Tensor sum_heads(const at::Tensor& grad_BHTD, int64_t num_key_heads) {
  if (grad_BHTD.size(1) == num_key_heads) return grad_BHTD;
  return grad_BHTD.unflatten(1, {num_key_heads, grad_BHTD.size(1) / num_key_heads}).sum(2);
}

// Rows beyond the last query have no probability.
at::Tensor aligned(const at::Tensor& logsumexp_BHS) {
  const int64_t size = logsumexp_BHS.size(2);
  if (logsumexp_BHS.stride(1) % kLogsumexpAlignment == 0 && logsumexp_BHS.stride(2) == 1) return logsumexp_BHS;
  const int64_t rows = (size + kLogsumexpAlignment - 1) / kLogsumexpAlignment * kLogsumexpAlignment;
  return at::constant_pad_nd(logsumexp_BHS, {0, rows - size}, kInfinity).contiguous();
}

std::tuple<at::Tensor, at::Tensor> efficient_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                     bool causal, double scale) {
  auto [out, logsumexp, seed, offset] = at::_scaled_dot_product_efficient_attention(
      dense_rows(q), repeat_heads(k, q.size(1)), repeat_heads(v, q.size(1)), /*attn_bias=*/{},
      /*compute_log_sumexp=*/true, /*dropout_p=*/0.0, causal, scale);
  return {std::move(out), logsumexp.narrow(2, 0, q.size(2))};
}

// The kernels take it that the heads of a token lie together.
at::Tensor heads_inside_tokens(const at::Tensor& x_BHSD) { return x_BHSD.transpose(1, 2).contiguous().transpose(1, 2); }

Gradients efficient_backward(const at::Tensor& grad_out, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const at::Tensor& out, const at::Tensor& logsumexp, bool causal, double scale) {
  auto [grad_q, grad_k, grad_v, grad_bias] = at::_scaled_dot_product_efficient_attention_backward(
      grad_out, dense_rows(q), repeat_heads(k, q.size(1)), repeat_heads(v, q.size(1)), /*attn_bias=*/{},
      heads_inside_tokens(out), aligned(logsumexp), /*philox_seed=*/{}, /*philox_offset=*/{}, /*dropout_p=*/0.0,
      /*grad_input_mask=*/{true, true, true, false}, causal, scale);
  return {std::move(grad_q), sum_heads(grad_k, k.size(1)), sum_heads(grad_v, k.size(1))};
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> attention_cuda(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD,
                                                  const at::Tensor& v_BKTD, bool causal, double scale) {
  if (is_empty(q_BHSD, k_BKTD)) {
    return {at::zeros_like(q_BHSD),
            at::full(q_BHSD.sizes().slice(0, 3), -kInfinity, q_BHSD.options().dtype(at::kFloat))};
  }
  if (!uses_flash(q_BHSD)) return efficient_forward(q_BHSD, k_BKTD, v_BKTD, causal, scale);
  auto results = at::_scaled_dot_product_flash_attention(dense_rows(q_BHSD), dense_rows(k_BKTD), dense_rows(v_BKTD),
                                                         /*dropout_p=*/0.0, causal, /*return_debug_mask=*/false, scale);
  return {std::get<0>(std::move(results)), std::get<1>(std::move(results))};
}

Gradients attention_backward_cuda(const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD, const at::Tensor& k_BKTD,
                                  const at::Tensor& v_BKTD, const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS,
                                  bool causal, double scale) {
  if (is_empty(q_BHSD, k_BKTD)) return {at::zeros_like(q_BHSD), at::zeros_like(k_BKTD), at::zeros_like(v_BKTD)};
  if (!uses_flash(q_BHSD)) {
    return efficient_backward(grad_out_BHSD, q_BHSD, k_BKTD, v_BKTD, out_BHSD, logsumexp_BHS, causal, scale);
  }
  // Without dropout nobody reads the state of the random numbers.
  return at::_scaled_dot_product_flash_attention_backward(
      dense_rows(grad_out_BHSD), dense_rows(q_BHSD), dense_rows(k_BKTD), dense_rows(v_BKTD), out_BHSD,
      logsumexp_BHS.contiguous(), /*cum_seq_q=*/{}, /*cum_seq_k=*/{}, q_BHSD.size(2), k_BKTD.size(2),
      /*dropout_p=*/0.0, causal, /*philox_seed=*/{}, /*philox_offset=*/{}, scale);
}

}  // namespace titan::ops
