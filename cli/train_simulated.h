#pragma once

#include <string>
#include <vector>

#include "cli/job.h"
#include "cli/world.h"
#include "runtime/train/model_spec.h"

namespace titan::cli {

/// Trains in the fake world on the simulated device: every role is recorded and replayed, and the shown rank's console
/// lines come with predicted memory and rates. Returns the exit status: 3 if some rank does not fit its device.
int train_simulated(const Job& job, const train::ModelSpec& model, const WorldPlan& plan);

}  // namespace titan::cli
