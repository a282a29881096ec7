#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Multiplies by a weight: x [..., in], weight [out, in] -> [..., out], all of one dtype. Backward gives the weight
/// gradient as a contiguous [out, in]. Keeps x and weight for backward, nothing else.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight);

}  // namespace titan::ops
