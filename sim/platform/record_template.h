#pragma once

#include <c10/core/Device.h>

#include <vector>

#include "runtime/unit/unit_call.h"
#include "sim/device/rank_state.h"
#include "sim/platform/unit_template.h"

namespace titan::sim {

/// The call of a unit without its arguments.
struct CallKind {
  unit::Unit* unit = nullptr;
  const recompute::SavePolicy* checkpoint = nullptr;
  bool keep_for_backward = true;
};

/// What a backward's forward left and the caller holds at the time of the call.
struct BackwardExternals {
  std::vector<bool> owns_input;   // by input of the forward
  std::vector<bool> owns_shared;  // by shared result of the forward
  std::vector<External> gradients;
  std::vector<External> cells;  // by parameter
};

/// Parameters' values, then buffers.
std::vector<at::Tensor> state_of(const unit::Unit& unit, const std::vector<nn::Parameter*>& parameters);

/// Learn what a call records by executing it in a draft, which changes nothing. Throw NoTemplate.
UnitTemplate record_forward(RankState& rank, c10::DeviceIndex device, const CallKind& kind,
                            const std::vector<External>& inputs);
UnitTemplate record_backward(RankState& rank, c10::DeviceIndex device, const CallKind& kind,
                             const UnitTemplate& forward, const BackwardExternals& externals);

}  // namespace titan::sim
