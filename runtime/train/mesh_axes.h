#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/mesh/parallel_dims.h"

namespace titan::train {

/// Lists the axes that a training step communicates over, each with the ranks of the group that `rank` is in.
std::vector<std::pair<std::string, std::vector<int>>> mesh_axes(const mesh::ParallelDims& dims, int rank);

}  // namespace titan::train
