#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "runtime/mesh/shard_spec.h"

namespace titan::unit {

/// The part of one parameter that this rank stores, updates and saves. Optimizer, clipping and checkpoints see nothing
/// else.
struct LocalShard {
  std::string name;                       // the parameter's fully qualified name
  mesh::ShardSpec spec;                   // global shape and this rank's box (may be empty)
  std::vector<std::string> sharded_axes;  // mesh axes over which other ranks hold other parts ("fsdp", "tp")
  at::Tensor value;                       // sizes of spec.box, storage dtype; updated in place
  at::Tensor grad;                        // like value, accumulate dtype; undefined: no gradient in this step
};

}  // namespace titan::unit
