#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace titan::ops {

/// CPU kernels of titan::attention and titan::attention_backward (runtime/ops/attention.h has the contract).
std::tuple<at::Tensor, at::Tensor> attention_cpu(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD,
                                                 const at::Tensor& v_BKTD, bool causal, double scale);
std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward_cpu(
    const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
    const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS, bool causal, double scale);

}  // namespace titan::ops
