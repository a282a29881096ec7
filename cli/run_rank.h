#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/job.h"
#include "runtime/platform/platform.h"
#include "runtime/train/model_spec.h"

namespace titan::cli {

/// What one rank of a training run is told beside the configuration.
struct RankOptions {
  bool log = true;          // this rank's lines are shown
  bool write_files = true;  // this rank may write the run's metrics (rank 0 does)
  std::vector<std::string> notices;
  std::function<void()> after_first_step;
};

/// Trains one rank from construction to the last step. Collective over the platform's world.
void run_rank(const Job& job, const train::ModelSpec& model, const RunInputs& inputs, platform::Platform& platform,
              const RankOptions& options);

}  // namespace titan::cli
