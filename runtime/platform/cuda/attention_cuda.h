#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace titan::ops {

/// CUDA kernels of titan::attention and titan::attention_backward (runtime/ops/attention.h has the contract): ATen's
/// flash attention for bfloat16 and float16, which takes fewer key heads than query heads and head sizes that are
/// multiples of 8; its memory-efficient attention for float32, with key heads repeated. Any other dtype throws.
std::tuple<at::Tensor, at::Tensor> attention_cuda(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD,
                                                  const at::Tensor& v_BKTD, bool causal, double scale);
std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward_cuda(
    const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
    const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS, bool causal, double scale);

}  // namespace titan::ops
