#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Divides each row of x [..., D] by its root mean square, sqrt(mean(x²) + eps), and multiplies by weight [D]. Computed
/// in float32 (float64 for float64) including the product with the weight; the result has x's dtype.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

}  // namespace titan::ops
