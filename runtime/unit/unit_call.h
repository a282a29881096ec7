#pragma once

#include <vector>

#include "runtime/recompute/save_policy.h"
#include "runtime/unit/unit.h"

namespace titan::unit {

enum class Phase { forward, backward };

struct SavedForward;

/// One execution of a unit as a value, so that a platform can recognise an identical one. Arguments are moved in:
/// whoever executes the call decides when they die.
struct UnitCall {
  Unit* unit = nullptr;
  Phase phase = Phase::forward;
  // Null: backward finds everything that forward computed. Else the unit keeps its inputs and what the policy says, and
  // runs again in backward.
  const recompute::SavePolicy* checkpoint = nullptr;
  bool keep_for_backward = true;  // false: evaluation, nothing is saved
  Tuple arguments;                // forward: inputs; backward: gradients of the outputs (undefined: none)
  SavedForward* saved = nullptr;  // written by forward, consumed by backward
};

/// Runs the call with ATen and autograd on the current device. Forward returns the outputs, backward the gradients of
/// the inputs (undefined where an input takes none).
Tuple execute(UnitCall&& call);

}  // namespace titan::unit
