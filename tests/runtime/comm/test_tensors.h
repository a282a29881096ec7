#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "runtime/platform/stream.h"

namespace titan::test {

/// Where tests enqueue everything.
inline const platform::Stream kStream;

/// Makes a tensor of small random numbers (integers in [0, 30), else in [-1, 1)) that depends on nothing but its
/// arguments.
at::Tensor random_tensor(uint64_t seed, const std::vector<int64_t>& sizes, at::ScalarType dtype = at::kFloat);

/// Tells whether shapes, dtypes and all bits agree.
bool same_bits(const at::Tensor& a, const at::Tensor& b);

/// Sums tensors one after the other, in the dtype that reductions accumulate in.
at::Tensor sum_in_order(const std::vector<at::Tensor>& tensors);

}  // namespace titan::test
