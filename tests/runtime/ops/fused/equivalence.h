#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tests/runtime/ops/gradients.h"

namespace titan::ops {

/// Expects `fused` to equal `composite` in values and gradients at float64 `inputs` and at their roundings: in float64
/// to 1e-12, in float32 to 1e-6 in norm, in bfloat16 to be at most 1.5 times as far from float64 as the composite is.
void expect_equivalent(const TensorFunction& fused, const TensorFunction& composite,
                       const std::vector<at::Tensor>& inputs);

/// Expects values and gradients of `function` to be the same bits on one and on three threads.
void expect_same_on_any_threads(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

}  // namespace titan::ops
