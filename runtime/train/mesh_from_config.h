#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/config/job_config.h"
#include "runtime/mesh/parallel_dims.h"

namespace titan::train {

/// Resolves the degrees of [parallelism] for a world. Throws ConfigError.
mesh::ParallelDims parallel_dims(const config::ParallelismSection& settings, int64_t world_size);

/// Lists the axes that a training step communicates over, each with the ranks of the group that `rank` is in.
std::vector<std::pair<std::string, std::vector<int>>> mesh_axes(const mesh::ParallelDims& dims, int rank);

}  // namespace titan::train
