#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/job.h"
#include "estimator/hardware/machine.h"
#include "estimator/simulate/request.h"
#include "runtime/train/model_spec.h"

namespace titan::cli {

/// The number of ranks that a prediction is about: --gpus, else NGPU, else the file's hardware.num_gpus, else 8.
/// Throws ConfigError beyond kLargestWorldSize.
int64_t num_imagined_ranks(const Job& job);

/// What estimate and the fake world predict: a configuration that passed all checks, on a machine. `job` and `model`
/// must outlive it.
class Prediction {
 public:
  /// Checks the configuration and loads the machine's files. Throws ConfigError; settings that cannot be predicted yet
  /// are refused by name.
  Prediction(const Job& job, const train::ModelSpec& model, int64_t world_size);

  estimator::Request request(int64_t num_steps = 2) const;
  const hardware::Machine& machine() const { return machine_; }
  /// Settings that were accepted but change nothing.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  const Job& job_;
  const train::ModelSpec& model_;
  int64_t world_size_;
  std::vector<std::string> notices_;
  hardware::Machine machine_;
  std::optional<c10::ScalarType> dtype_;
};

}  // namespace titan::cli
