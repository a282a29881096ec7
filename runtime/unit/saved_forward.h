#pragma once

#include <memory>
#include <vector>

#include "runtime/recompute/kept_outputs.h"
#include "runtime/unit/unit.h"

namespace titan::unit {

class InputGradient;
struct OutputEdge;

/// What the backward of one unit needs of its forward: the graph's ends, or (checkpointed) the inputs and the
/// operator outputs that were kept.
struct SavedForward {
  std::vector<std::shared_ptr<InputGradient>> inputs;
  std::vector<std::shared_ptr<OutputEdge>> outputs;
  Tuple recompute_from;
  recompute::KeptOutputs kept;
  std::shared_ptr<void> of_platform;  // in place of the others where a platform did not execute the forward
};

}  // namespace titan::unit
