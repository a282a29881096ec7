#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace titan::ops {

using TensorFunction = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// Gives the gradients of sum(function(inputs) · weights) with fixed pseudo-random weights that
/// bfloat16 holds exactly.
std::vector<at::Tensor> gradients(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

/// Gives the largest difference between the gradients and central differences; inputs are float64 and of the order
/// of 1.
double finite_difference_error(const TensorFunction& function, const std::vector<at::Tensor>& inputs);

/// Gives |a - b| / |b| in float64, norms over all elements; 0 for equal tensors.
double norm_error(const at::Tensor& a, const at::Tensor& b);

/// Gives max |a - b| / max |b| in float64.
double relative_error(const at::Tensor& a, const at::Tensor& b);

}  // namespace titan::ops
