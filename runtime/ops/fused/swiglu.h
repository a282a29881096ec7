#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Is ops::swiglu (runtime/ops/swiglu.h) as one operator forward and one backward, which keep gate and up only: one
/// shape, one dtype of float32, bfloat16 and float64. Computed in float32 (float64 for float64).
at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace titan::ops
