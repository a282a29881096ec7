#pragma once

#include "runtime/unit/unit_call.h"

namespace titan::sim {

class RankState;

/// Executes a unit on a simulated rank; everything that it does is recorded.
unit::Tuple run_unit(RankState& rank, unit::UnitCall&& call);

}  // namespace titan::sim
