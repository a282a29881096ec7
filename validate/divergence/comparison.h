#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/platform/platform.h"

namespace titan::validate {

/// What counts as equal.
struct Tolerance {
  double relative = 1e-9;
  double epsilon = 2.3e-16;  // of the number format that both sides compute in
};

/// How far a part of a tensor is from the reference's.
struct Difference {
  // Norm of the difference over the norm of the reference; infinite where just one side is NaN or infinite.
  double error = 0.0;
  // Where it is largest, in the part's row-major order.
  int64_t index = 0;
  double value = 0.0;
  double reference = 0.0;
};

/// Compares two tensors of equal shape. `scale` is the largest root mean square among the reference's tensors of the
/// same kind: sums of numbers of that size are uncertain by epsilon * scale per element, so an element's difference
/// below that is within tolerance whatever it is relative to. Hence the norm of the reference counts as at least
/// epsilon * scale / relative per element.
Difference compare(const at::Tensor& actual, const at::Tensor& reference, double scale, const Tolerance& tolerance,
                   platform::Platform& platform);

/// The root mean square of a tensor's elements, of which those that are not finite count as 0: as a scale, one infinity
/// would make every error of its stage small. 0 for no elements.
double root_mean_square(const at::Tensor& tensor, platform::Platform& platform);

}  // namespace titan::validate
