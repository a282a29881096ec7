#pragma once

#include <string>
#include <vector>

#include "cli/job.h"
#include "runtime/metrics/logger.h"
#include "runtime/platform/platform.h"
#include "runtime/train/model_spec.h"

namespace titan::cli {

/// Logs what every run of a rank begins with: version, job, notices, place in the world.
void log_start(const Job& job, const platform::World& world, const std::vector<std::string>& notices,
               metrics::Logger& log);

/// "Model llama3 8B size: 8,030,261,248 total parameters"
std::string model_size_line(const train::ModelSpec& model);

}  // namespace titan::cli
