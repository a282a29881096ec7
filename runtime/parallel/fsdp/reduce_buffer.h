#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "runtime/parallel/fsdp/sharded_parameter.h"

namespace titan::parallel {

/// One rank's part of the reduce buffer, in elements.
struct ReduceLayout {
  int64_t part_numel = 0;
  int64_t partial_numel = 0;  // the part begins with the parameters whose gradients are partial
};

/// Sets the parameters' reduce_offset.
ReduceLayout lay_out_reduce(std::vector<ShardedParameter>& parameters);

/// Moves the parameters' gradients into `buffer` (num_ranks parts): part r holds what rank r is to receive; padding and
/// missing gradients are zero. Parameters' gradients are released.
void copy_in_gradients(std::vector<ShardedParameter>& parameters, const at::Tensor& buffer, int num_ranks);

/// Makes each shard's gradient a view into `part` (this rank's reduced part).
void view_gradients(std::vector<ShardedParameter>& parameters, const at::Tensor& part);

}  // namespace titan::parallel
