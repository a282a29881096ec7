#pragma once

#include "estimator/hardware/machine.h"
#include "estimator/report/estimate.h"
#include "estimator/simulate/record.h"

namespace titan::estimator {

/// When the steps of a recording happen on a machine. `roles` has the times of every node if they were asked for.
struct PricedSteps {
  std::vector<double> step_times_s;  // of the slowest role, in order; the last is steady state
  size_t slowest_role = 0;
  TimeBreakdown time;  // of its last step
  Coverage coverage;
  Interval step_time_interval;  // central, at `level`
  std::vector<Lane> timeline;   // of the last step; empty unless asked for
  std::vector<replay::RoleTimes> roles;
};

struct PriceOptions {
  double interval_level = 0.8;
  bool keep_timeline = false;
};

/// Replays a recording with the best estimate of the machine's costs. Throws as `price` does.
std::vector<replay::RoleTimes> replay_roles(const Recording& recording, const hardware::Machine& machine,
                                            bool keep_timeline);

/// Replays a recording with the machine's costs: at the best estimate, and once more either way for each source of
/// error. Throws what replay throws, and ConfigError where the machine's files lack a price.
PricedSteps price(const Recording& recording, const hardware::Machine& machine, const PriceOptions& options = {});

}  // namespace titan::estimator
