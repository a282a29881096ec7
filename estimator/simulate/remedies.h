#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "estimator/report/estimate.h"
#include "runtime/config/job_config.h"

namespace titan::estimator {

/// Predicts another configuration on the same machine; absent where the configuration is not a valid one.
using PredictOther = std::function<std::optional<Estimate>(const config::JobConfig&)>;

/// Looks for the smallest change that makes a configuration fit which does not: more checkpointing, a smaller local
/// batch, parameters sharded further or over tensor parallel ranks, each alone and then with full checkpointing. Gives
/// up to three, the fastest first, all of the same number of changes; none if nothing tried fits.
std::vector<Remedy> find_remedies(const config::JobConfig& config, const PredictOther& predict);

}  // namespace titan::estimator
