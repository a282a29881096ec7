#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace titan::optim {

/// Sums the squares of all elements of `tensors` (floating, on one device, which may be another) in float64. Returns a
/// scalar on `device`. The order of summation does not depend on the number of threads.
at::Tensor sum_of_squares(const std::vector<at::Tensor>& tensors, at::Device device);

}  // namespace titan::optim
