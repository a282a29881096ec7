#pragma once

#include <string>

#include "estimator/hardware/machine.h"
#include "estimator/simulate/record.h"

namespace titan::estimator {

/// The timeline of every role of a recording on a machine as JSON that ui.perfetto.dev opens
/// (sim/trace/chrome_trace.h); `operators`: each operation, not only scopes and communication.
std::string timeline_json(const Recording& recording, const hardware::Machine& machine, bool operators);

}  // namespace titan::estimator
