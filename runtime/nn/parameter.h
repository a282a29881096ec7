#pragma once

#include <ATen/core/Tensor.h>

#include <string>

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

  at::Tensor value;  // what forward reads (compute dtype, sizes of spec.box); its gradient flows into `grad`
  at::Tensor grad;   // gradient of `value` collected so far (accumulate dtype); undefined: none yet
};

}  // namespace titan::nn
