#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Gates one projection by another: silu(gate) · up, element by element, with silu(a) = a / (1 + exp(-a)). Same shape
/// and dtype.
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace titan::ops
