#include "runtime/train/mesh_axes.h"

namespace titan::train {

std::vector<std::pair<std::string, std::vector<int>>> mesh_axes(const mesh::ParallelDims& dims, int rank) {
  using mesh::Axis;
  std::vector<std::pair<std::string, std::vector<int>>> axes;
  for (const Axis axis : {Axis::kWorld, Axis::kBatch, Axis::kLoss, Axis::kDpReplicate, Axis::kFsdp, Axis::kTp}) {
    const auto ranks = dims.ranks_of(axis, rank);
    axes.emplace_back(mesh::name_of(axis), std::vector<int>(ranks.begin(), ranks.end()));
  }
  return axes;
}

}  // namespace titan::train
