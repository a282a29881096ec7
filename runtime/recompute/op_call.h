#pragma once

#include <array>
#include <cstdint>

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

}  // namespace titan::recompute
