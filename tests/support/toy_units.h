#pragma once

#include <memory>
#include <vector>

#include "runtime/parallel/fsdp/fsdp_group.h"
#include "runtime/unit/dtype_policy.h"
#include "runtime/unit/unit_runner.h"

namespace titan::test {

/// Sizes of a small model whose parameters divide badly: 5 features, 7 hidden, 11 words.
struct ToySizes {
  int64_t num_words = 11;
  int64_t dim = 5;
  int64_t hidden = 7;
  int num_blocks = 3;
};

/// Builds embedding, blocks (tanh MLP with residual) and a loss unit (sum of squared errors against targets [N, dim]).
std::vector<std::unique_ptr<unit::Unit>> make_toy_units(const ToySizes& sizes);

/// Shards units with parameters: embedding by itself, `blocks_per_unit` blocks together; the last is the loss.
std::vector<unit::RunnerUnit> shard_toy_units(std::vector<std::unique_ptr<unit::Unit>>&& units,
                                              parallel::FsdpGroup& group, bool reshard_after_forward,
                                              size_t blocks_per_unit = 1);

/// Gives parameter `name` values that depend on its name and the element index alone (float64, about ±0.5).
at::Tensor toy_values(const std::string& name, at::IntArrayRef shape);

/// One microbatch of `num_rows` word indices and targets, determined by `seed`.
unit::Microbatch toy_microbatch(const ToySizes& sizes, int64_t num_rows, uint64_t seed, at::ScalarType dtype);

/// Fills every shard of the runner from toy_values.
void fill_shards(const unit::UnitRunner& runner);

}  // namespace titan::test
