#pragma once

#include <cstdint>

#include "runtime/config/job_config.h"
#include "runtime/unit/unit_call.h"

namespace titan::train {

/// Tells whether transformer block `index` (0-based, counted over the whole model) runs again in backward: mode full:
/// every one; selective with a number n: every n-th, counted from 1, and all for 0; none: no one. Throws ConfigError
/// for modes that need op-level checkpointing.
unit::Checkpoint block_checkpoint(const config::ActivationCheckpointSection& settings, int64_t index);

}  // namespace titan::train
