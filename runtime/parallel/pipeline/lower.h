#pragma once

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

struct LowerOptions {
  /// Whether UNSHARD, RESHARD and REDUCE_GRAD are added.
  bool sharding = true;
  /// How many stages of a rank have their parameters gathered at once: the one that computes and those that come next.
  int max_active_stages = 3;
};

/// Adds, to an order of computations, UNSHARD of the next stages in good time, RESHARD of those that are not among them
/// any more, and REDUCE_GRAD behind the last microbatch's weight gradient of a stage.
Schedule add_sharding(const Schedule& computations, int max_active_stages = 3);

/// Adds sends and receives. Both ends of a transfer get their place at the same moment of one common order of events,
/// so that no blocking send or receive can wait for ever. Stages that are neighbours on one rank need none.
Schedule add_transfers(const Schedule& schedule);

/// Makes what the executor runs from what make_schedule or a CSV file gives; what is there already stays as it is.
/// Equal to PyTorch 2.11 but for the order within a run of RESHARD, which is ascending here. Throws ContractError
/// unless `schedule` is valid (validate.h).
Schedule lower(const Schedule& schedule, const LowerOptions& options = {});

}  // namespace titan::pipeline
