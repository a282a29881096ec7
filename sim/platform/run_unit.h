#pragma once

#include <c10/core/Device.h>

#include "runtime/unit/unit_call.h"

namespace titan::sim {

class RankState;
class UnitTemplates;

/// Records a call of a unit on a simulated rank: from a template of an equal call where there can be one, else by
/// executing it. Both record the same.
unit::Tuple run_unit(RankState& rank, c10::DeviceIndex device, UnitTemplates& templates, unit::UnitCall&& call);

}  // namespace titan::sim
