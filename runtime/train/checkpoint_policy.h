#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/config/job_config.h"
#include "runtime/recompute/save_policy.h"
#include "runtime/unit/unit.h"

namespace titan::train {

/// Decides what each transformer block keeps of its forward (reference §5), before the model runs. Mode memory_budget
/// needs a look at a running block: memory_budget.h.
class CheckpointPolicy {
 public:
  /// `units` (with their local parameter shapes) tell which matmul shapes
  /// activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns means. Throws ConfigError where it names a
  /// module that is no linear layer.
  CheckpointPolicy(const config::ActivationCheckpointSection& settings, const std::vector<unit::Unit*>& units);

  /// Gives the policy of block `index` (0-based, counted over the whole model), null where it does not run again: mode
  /// full: every one; selective with a number n: every n-th, counted from 1, and all for 0; none: no one.
  std::shared_ptr<const recompute::SavePolicy> of_block(int64_t index) const;

 private:
  std::shared_ptr<const recompute::SavePolicy> policy_;
  int64_t every_ = 1;
};

}  // namespace titan::train
