#pragma once

#include "runtime/config/job_config.h"

namespace titan::config {

/// Checks that what a real run opens is there: tokenizer folder, data sets, initial checkpoint, schedule file. Throws
/// ConfigError naming the dotted key and the path. A command that only predicts opens none of it: do not call it
/// there.
void check_paths(const JobConfig& config);

}  // namespace titan::config
