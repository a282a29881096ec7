#pragma once

#include <string>
#include <vector>

#include "runtime/config/job_config.h"

namespace titan::config {

/// Whether a step really trains, or only shows what it would take (estimate, the fake world).
enum class RunKind { kReal, kImagined };

/// Refuses settings that are not there yet. One that changes the step: ConfigError whatever the kind of run. One that
/// does not (profiling, checkpoints, ...): ConfigError in a real run, else a notice. Returns the notices, one line
/// each, with those of keys that only make sense in Python. `models`: the families that can be built.
std::vector<std::string> check_runnable(const JobConfig& config, RunKind kind, const std::vector<std::string>& models);

}  // namespace titan::config
