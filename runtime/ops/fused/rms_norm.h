#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Is ops::rms_norm (runtime/ops/rms_norm.h) as one operator forward and one backward; keeps x, weight and one number
/// per row. x and weight have one dtype: float32, bfloat16 or float64.
at::Tensor fused_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

struct AddNorm {
  at::Tensor sum;     // x + y
  at::Tensor normed;  // rms_norm(sum)
};

/// Adds a residual and normalises the sum [..., D] in one operator forward and one backward; keeps sum, weight and one
/// number per row. x and y have one shape, all three one dtype. In backward x and y get the same tensor.
AddNorm fused_add_rms_norm(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight, double eps);

}  // namespace titan::ops
