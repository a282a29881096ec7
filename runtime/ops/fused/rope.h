#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Is ops::rope (runtime/ops/rope.h) as one operator; backward is the same rotation by the negative angle and keeps the
/// table only. x [B, S, H, D] of float32, bfloat16 or float64, any strides; the result is contiguous. The table takes
/// no gradient.
at::Tensor fused_rope(const at::Tensor& x_BSHD, const at::Tensor& table);

}  // namespace titan::ops
