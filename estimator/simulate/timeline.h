#pragma once

#include <vector>

#include "estimator/report/estimate.h"
#include "sim/replay/replay.h"
#include "sim/trace/trace.h"

namespace titan::estimator {

/// The last step of a role as lanes: scopes of units as the host issues them, and each stream's work, where neighbours
/// of one kind and unit are drawn as one. `times` must have a timeline.
std::vector<Lane> step_timeline(const trace::Trace& trace, const replay::RoleTimes& times);

}  // namespace titan::estimator
