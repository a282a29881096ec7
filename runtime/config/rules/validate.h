#pragma once

#include <optional>

#include "runtime/config/job_config.h"
#include "runtime/config/model_dims.h"
#include "runtime/mesh/parallel_dims.h"

namespace titan::config {

/// What the rules between keys depend on beside the configuration.
struct JobShape {
  int64_t world_size = 1;
  std::optional<ModelDims> model = {};  // absent: what the model's sizes decide is not checked
};

/// Reads the degrees of [parallelism], dp_shard as configured.
mesh::Degrees degrees_of(const JobConfig& config);

/// Checks every rule between keys, before anything is built. Rules of one key were checked when it was set. Throws
/// ConfigError naming a dotted key. Opens no file: see check_paths.
void validate(const JobConfig& config, const JobShape& shape);

}  // namespace titan::config
