#pragma once

#include <string_view>

#include "runtime/mesh/parallel_dims.h"

namespace titan::mesh {

/// Where a degree is configured, and what the reference calls it.
struct DegreeKey {
  std::string_view name;
  const char* key;
  int64_t Degrees::*member;
  bool in_product;  // counts towards world_size
};

inline constexpr const char* kDpShardKey = "parallelism.data_parallel_shard_degree";

inline constexpr DegreeKey kDegreeKeys[] = {
    {"dp_replicate", "parallelism.data_parallel_replicate_degree", &Degrees::dp_replicate, true},
    {"dp_shard", kDpShardKey, &Degrees::dp_shard, true},
    {"cp", "parallelism.context_parallel_degree", &Degrees::cp, true},
    {"tp", "parallelism.tensor_parallel_degree", &Degrees::tp, true},
    {"pp", "parallelism.pipeline_parallel_degree", &Degrees::pp, true},
    {"ep", "parallelism.expert_parallel_degree", &Degrees::ep, false},
    {"etp", "parallelism.expert_tensor_parallel_degree", &Degrees::etp, false},
};

}  // namespace titan::mesh
