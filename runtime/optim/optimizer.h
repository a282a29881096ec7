#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>
#include <vector>

#include "runtime/optim/optimizer_options.h"
#include "runtime/unit/local_shard.h"

namespace titan::optim {

/// Adam or AdamW over one rank's shards, with PyTorch's arithmetic and state: exp_avg and exp_avg_sq in the value's
/// dtype and on its device, and a float32 step count, made when a shard first has a gradient. Shards without a gradient
/// are left alone; empty shards only count steps. Updates values in place, so nothing may hold them for a backward
/// pass. The shards must outlive it.
class Optimizer {
 public:
  /// Throws c10::Error when a shard is listed twice or its value is undefined, not floating or not contiguous.
  Optimizer(std::vector<unit::LocalShard*> shards, const OptimizerOptions& options);

  const OptimizerOptions& options() const { return options_; }

  /// Updates every shard that has a gradient, at rate `lr`.
  void step(double lr);
  /// Updates one shard if it has a gradient; steps of a pass may so be taken one by one, during backward. Throws
  /// c10::Error for a shard that is not this optimizer's.
  void step_one(const unit::LocalShard& shard, double lr);
  /// Drops all gradients.
  void zero_grad();

  /// Gives the whole state for checkpoints, making what no step has made yet: for every shard `state.<name>.exp_avg`
  /// and `state.<name>.exp_avg_sq` (boxes as the parameter's) and `state.<name>.step` (no dims, the same on all ranks).
  /// Writing into these values loads a checkpoint.
  std::vector<unit::LocalShard> state();

 private:
  struct Slot {
    unit::LocalShard* shard;
    at::Tensor exp_avg;  // undefined until made
    at::Tensor exp_avg_sq;
    at::Tensor step;
  };

  void make_state(Slot& slot) const;
  void update(const std::vector<Slot*>& slots, double lr) const;

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  std::unordered_map<const unit::LocalShard*, size_t> index_;
};

}  // namespace titan::optim
