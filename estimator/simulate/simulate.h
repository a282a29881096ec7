#pragma once

#include "estimator/report/estimate.h"
#include "estimator/simulate/record.h"
#include "estimator/simulate/request.h"

namespace titan::estimator {

/// Predicts memory and time of a request's steps: records every role, replays them on the machine, runs each role's
/// memory through the caching allocator. Fills everything of an Estimate but what the caller knows better:
/// subject.config, subject.notices, subject.keys, remedies, elapsed_s; memory over time and the timeline only if they
/// are to be kept. Throws as record and price do.
Estimate simulate(const Request& request, bool keep_times = false);

/// The same of a recording at hand: another machine of the same software needs no new one.
Estimate simulate(const Request& request, const Recording& recording, bool keep_times = false);

}  // namespace titan::estimator
