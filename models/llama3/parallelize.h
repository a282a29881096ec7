#pragma once

#include "runtime/parallel/tensor/tensor_plan.h"

namespace titan::models::llama3 {

/// Tensor and sequence parallelism of the family (reference §4.4): heads and hidden features are cut over ranks inside
/// attention and feed-forward, the sequence between them, the vocabulary at both ends.
parallel::TensorPlan tensor_plan();

}  // namespace titan::models::llama3
