#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "runtime/ops/cpu_isa.h"
#include "runtime/optim/adam.h"

namespace titan::optim {

using ops::CpuIsa;

/// Host memory of one shard: `value`, `exp_avg` and `exp_avg_sq` of one dtype, `grad` of its own.
struct AdamPointers {
  void* value;
  const void* grad;
  void* exp_avg;
  void* exp_avg_sq;
};

/// Updates elements [begin, end) in one pass.
using AdamKernel = void (*)(const AdamPointers& pointers, int64_t begin, int64_t end, const AdamScalars& scalars);

/// Sums the squares of `count` elements in float64.
using SumOfSquaresKernel = double (*)(const void* elements, int64_t count);

/// Finds a kernel; nullptr: none for these dtypes. Values may be float32, float64 or bfloat16, gradients like the
/// values or float32. An element's result depends neither on its position nor on `isa`, bit for bit: the kernels use no
/// fused multiply-add.
AdamKernel find_adam_kernel(c10::ScalarType value, c10::ScalarType grad, CpuIsa isa);

/// Finds a kernel for float32, float64 or bfloat16; nullptr: another dtype. The order of summation is the same on every
/// `isa`.
SumOfSquaresKernel find_sum_of_squares_kernel(c10::ScalarType dtype, CpuIsa isa);

}  // namespace titan::optim
