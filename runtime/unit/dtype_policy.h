#pragma once

#include <c10/core/ScalarType.h>

namespace titan::unit {

/// Number formats of one training run. `accumulate` is at least float32, and float64 in float64 runs.
struct DtypePolicy {
  c10::ScalarType storage = c10::kFloat;     // parameters and optimizer state between steps
  c10::ScalarType compute = c10::kBFloat16;  // parameters and activations inside a unit
  c10::ScalarType reduce = c10::kFloat;      // gradients while they are summed over ranks
  c10::ScalarType accumulate = c10::kFloat;  // gradients while they are summed over microbatches

  /// One format everywhere.
  static DtypePolicy uniform(c10::ScalarType dtype) { return {dtype, dtype, dtype, dtype}; }
};

}  // namespace titan::unit
