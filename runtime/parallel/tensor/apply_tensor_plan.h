#pragma once

#include <vector>

#include "runtime/parallel/tensor/tensor_group.h"
#include "runtime/parallel/tensor/tensor_plan.h"
#include "runtime/unit/unit.h"

namespace titan::parallel {

struct TensorOptions {
  bool loss_parallel = true;  // logits stay cut along the vocabulary; else they are gathered
};

/// Makes units that were built for one rank compute this rank's part: cuts their parameters' specs and hooks
/// collectives into their modules. Call it before shards are allocated. Throws c10::Error for a rule that matches no
/// module, a parameter that no rule or two rules cover, and a size that the ranks do not divide.
void apply_tensor_plan(const TensorPlan& plan, const std::vector<unit::Unit*>& units, const TensorGroup& group,
                       const TensorOptions& options);

}  // namespace titan::parallel
