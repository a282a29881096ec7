#include "runtime/train/mesh_from_config.h"

namespace titan::train {

mesh::ParallelDims parallel_dims(const config::ParallelismSection& settings, int64_t world_size) {
  return mesh::ParallelDims({.dp_replicate = settings.data_parallel_replicate_degree,
                             .dp_shard = settings.data_parallel_shard_degree,
                             .cp = settings.context_parallel_degree,
                             .tp = settings.tensor_parallel_degree,
                             .pp = settings.pipeline_parallel_degree,
                             .ep = settings.expert_parallel_degree,
                             .etp = settings.expert_tensor_parallel_degree},
                            world_size);
}

std::vector<std::pair<std::string, std::vector<int>>> mesh_axes(const mesh::ParallelDims& dims, int rank) {
  using mesh::Axis;
  std::vector<std::pair<std::string, std::vector<int>>> axes;
  for (const Axis axis : {Axis::kWorld, Axis::kBatch, Axis::kLoss, Axis::kDpReplicate, Axis::kFsdp}) {
    const auto ranks = dims.ranks_of(axis, rank);
    axes.emplace_back(mesh::name_of(axis), std::vector<int>(ranks.begin(), ranks.end()));
  }
  return axes;
}

}  // namespace titan::train
