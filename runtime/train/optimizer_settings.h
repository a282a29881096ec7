#pragma once

#include "runtime/config/job_config.h"
#include "runtime/optim/lr_schedule.h"
#include "runtime/optim/optimizer_options.h"

namespace titan::train {

/// Translate configuration sections into the optimizer's own options.
optim::OptimizerOptions optimizer_options(const config::OptimizerSection& settings);
optim::LrOptions lr_options(const config::LrSchedulerSection& settings);

}  // namespace titan::train
