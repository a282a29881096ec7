#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "runtime/mesh/shard_spec.h"
#include "runtime/nn/init_rule.h"

namespace titan::nn {

/// Writes the first values of one parameter into the part of it that this rank holds: `part` is contiguous with the
/// sizes of spec.box, of any floating dtype. Element number i (row-major in spec.global_shape) is a function of (seed,
/// name, i, rule) alone: word i mod 4 of Philox at counter (i / 4, hash of name) and key seed, as a 32-bit uniform
/// number through the inverse of the (truncated) normal distribution in float64, cast at the end. So values depend
/// neither on the layout, nor on the device, nor on the number of threads. A normal draw ends at ±6.3 std. Truncation
/// bounds must enclose the mean.
void fill(const at::Tensor& part, const mesh::ShardSpec& spec, const InitRule& rule, uint64_t seed,
          const std::string& name);

}  // namespace titan::nn
