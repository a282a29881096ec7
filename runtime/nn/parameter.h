#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "runtime/mesh/shard_spec.h"
#include "runtime/nn/init_rule.h"

namespace titan::nn {

/// One trainable tensor as a module sees it: whole but for tensor or expert parallelism. How it is kept between uses is
/// the business of unit::UnitSharding, which fills `value` before forward and empties `grad` after backward.
struct Parameter {
  std::string name;      // fully qualified: layers.0.attention.wq.weight
  mesh::ShardSpec spec;  // global shape and the box that this rank computes with
  InitRule init;
  bool trainable = true;
  std::vector<std::string> sharded_axes;  // mesh axes over which other ranks compute with other boxes ("tp")
  bool grad_is_partial = false;           // the tensor-parallel ranks' gradients of it add up

  at::Tensor value;  // what forward reads (compute dtype, sizes of spec.box); its gradient flows into `grad`
  at::Tensor grad;   // gradient of `value` collected so far (accumulate dtype); undefined: none yet
};

}  // namespace titan::nn
