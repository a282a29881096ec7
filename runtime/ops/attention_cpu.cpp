#include "runtime/ops/attention_cpu.h"

#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "runtime/ops/short_attention/short_attention.h"

namespace titan::ops {
namespace {

// The library kernels divide by the number of queries and keys: an empty input would kill the process.
bool is_empty(const at::Tensor& q, const at::Tensor& k) { return q.numel() == 0 || k.numel() == 0; }

// They also read the innermost dim without its stride.
at::Tensor dense_rows(const at::Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

}  // namespace

std::tuple<at::Tensor, at::Tensor> attention_cpu(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD,
                                                 const at::Tensor& v_BKTD, bool causal, double scale) {
  if (is_empty(q_BHSD, k_BKTD)) {
    const auto dtype = q_BHSD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    return {at::zeros_like(q_BHSD), at::full(q_BHSD.sizes().slice(0, 3), -std::numeric_limits<double>::infinity(),
                                             q_BHSD.options().dtype(dtype))};
  }
  if (short_attention::suits(q_BHSD, k_BKTD)) {
    return short_attention::forward(dense_rows(q_BHSD), dense_rows(k_BKTD), dense_rows(v_BKTD), causal, scale);
  }
  return at::_scaled_dot_product_flash_attention_for_cpu(dense_rows(q_BHSD), dense_rows(k_BKTD), dense_rows(v_BKTD),
                                                         /*dropout_p=*/0.0, causal, /*attn_mask=*/{}, scale);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward_cpu(
    const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
    const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS, bool causal, double scale) {
  if (is_empty(q_BHSD, k_BKTD)) return {at::zeros_like(q_BHSD), at::zeros_like(k_BKTD), at::zeros_like(v_BKTD)};
  if (short_attention::suits(q_BHSD, k_BKTD)) {
    return short_attention::backward(dense_rows(grad_out_BHSD), dense_rows(q_BHSD), dense_rows(k_BKTD),
                                     dense_rows(v_BKTD), dense_rows(out_BHSD), logsumexp_BHS, causal, scale);
  }
  return at::_scaled_dot_product_flash_attention_for_cpu_backward(
      dense_rows(grad_out_BHSD), dense_rows(q_BHSD), dense_rows(k_BKTD), dense_rows(v_BKTD), out_BHSD, logsumexp_BHS,
      /*dropout_p=*/0.0, causal, /*attn_mask=*/{}, scale);
}

}  // namespace titan::ops
