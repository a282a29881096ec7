#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace titan::recompute {

/// Operators whose outputs a unit may keep from its forward although it runs again in backward (reference §5).
enum class OpKind { matmul, attention, reduce_scatter, all_to_all, amax };

/// One call of such an operator, as a policy sees it.
struct OpCall {
  OpKind kind = OpKind::matmul;
  std::array<int64_t, 2> operand_shape = {0, 0};  // matmul: (in, out) of its right-hand operand on this rank
  double flops = 0.0;                             // of the call
  double bytes = 0.0;                             // moved between ranks by it, or read and written in memory

  bool operator==(const OpCall&) const = default;
};

/// Number of calls at the end of a unit's forward that need not be computed when it runs again for backward, where
/// nothing after them and no other operator reads their results (Unit::ends_linear): back to the last call that keeps
/// its inputs, included; a call whose own backward reads its outputs is none of them. The reference stops there too
/// (non-reentrant checkpointing with early stop).
size_t num_unread(const std::vector<OpKind>& calls);

}  // namespace titan::recompute
