#pragma once

#include <string>

#include "estimator/report/estimate.h"

namespace titan::estimator {

/// Writes the report as one HTML page that refers to nothing outside itself: answer first, memory over time, timeline
/// of a step, breakdowns, roles. Pictures of what the estimate holds no samples of are left out.
std::string html(const Estimate& estimate);

}  // namespace titan::estimator
