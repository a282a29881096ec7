#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

struct RmsNormResult {
  at::Tensor out;   // x's shape and dtype
  at::Tensor rstd;  // 1 / root mean square of each row, float32 (float64 for float64)
};

struct RmsNormGradients {
  at::Tensor grad_x, grad_weight;
};

/// Normalises in one pass over x [..., D]; x, weight of one floating dtype on the CPU, contiguous.
RmsNormResult rms_norm_cpu(const at::Tensor& x, const at::Tensor& weight, double eps);

/// Gives both gradients in one pass, the same for any number of threads. All contiguous.
RmsNormGradients rms_norm_backward_cpu(const at::Tensor& grad_out, const at::Tensor& x, const at::Tensor& weight,
                                       const at::Tensor& rstd);

}  // namespace titan::ops
