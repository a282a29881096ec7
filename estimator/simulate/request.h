#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>

#include "estimator/hardware/machine.h"
#include "runtime/config/job_config.h"
#include "runtime/train/model_spec.h"

namespace titan::estimator {

/// What is to be predicted: a checked configuration of a model on a machine. References must outlive the request.
struct Request {
  const config::JobConfig& config;
  const train::ModelSpec& model;
  const hardware::Machine& machine;
  int64_t world_size = 1;
  int64_t num_steps = 2;  // the first allocates optimizer state, the last is taken for steady state
  std::optional<c10::ScalarType> uniform_dtype = {};  // titan.dtype
  int64_t fsdp_blocks_per_unit = 1;                   // titan.fsdp_blocks_per_unit
};

}  // namespace titan::estimator
