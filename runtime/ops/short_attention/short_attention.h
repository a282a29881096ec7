#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

// Attention on the CPU where a head's keys and values fit in the nearest caches: heads go through it one by one in
// float32, in blocks of queries. The library's kernels are made for long sequences and large heads; for short ones they
// spend their time on packing and calling.
namespace titan::ops::short_attention {

/// Tells whether these kernels take such queries and keys and are the faster ones.
bool suits(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD);

/// Same arguments, results and layout as ops::attention's kernels (runtime/ops/attention_cpu.h); rows must be dense.
std::tuple<at::Tensor, at::Tensor> forward(const at::Tensor& q_BHSD, const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
                                           bool causal, double scale);

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& grad_out_BHSD, const at::Tensor& q_BHSD,
                                                        const at::Tensor& k_BKTD, const at::Tensor& v_BKTD,
                                                        const at::Tensor& out_BHSD, const at::Tensor& logsumexp_BHS,
                                                        bool causal, double scale);

}  // namespace titan::ops::short_attention
