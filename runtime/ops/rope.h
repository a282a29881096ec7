#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Rotates interleaved pairs of head elements by the angle of their position: x [B, S, H, D] times table [>= S, D / 2,
/// 2] (cosine, sine) as complex numbers. Computed in float32, in float64 for float64; the result has x's dtype.
at::Tensor rope(const at::Tensor& x_BSHD, const at::Tensor& table);

}  // namespace titan::ops
