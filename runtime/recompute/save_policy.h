#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/recompute/op_call.h"

namespace titan::recompute {

/// What one run of a unit has called so far; a policy advances it.
struct OpCounts {
  int64_t calls = 0;
  int64_t matmuls = 0;  // those that the policy counts
};

/// Decides which operator outputs a unit keeps when it runs again in backward. Immutable; shared by units and threads.
class SavePolicy {
 public:
  virtual ~SavePolicy() = default;
  /// Tells whether the outputs of `call` are kept. `counts` is zero at the beginning of each run of a unit.
  virtual bool keeps(const OpCall& call, OpCounts& counts) const = 0;
  /// Names the decisions: units of equal type and key keep the same.
  virtual std::string key() const = 0;
};

/// Full checkpointing: nothing is kept.
std::shared_ptr<const SavePolicy> keep_nothing();

/// Checkpointing by operator (reference §5): everything on the list but every second matmul; matmuls whose operand has
/// one of `recomputed_shapes` (in, out) run again and are not counted.
std::shared_ptr<const SavePolicy> keep_every_other_matmul(std::set<std::array<int64_t, 2>> recomputed_shapes);

/// Keeps the outputs of call i of each run where kept[i]; calls beyond the list are not kept.
std::shared_ptr<const SavePolicy> keep_chosen(std::vector<bool> kept);

}  // namespace titan::recompute
