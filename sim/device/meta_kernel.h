#pragma once

#include <vector>

#include "sim/device/call_table.h"

namespace c10 {
class OperatorHandle;
}

namespace titan::sim {

/// Asks LibTorch's Meta kernel for the shapes of what `op` returns, in order, results that are arguments included.
/// Throws c10::Error naming the operator if there is none.
std::vector<TensorLayout> ask_meta_kernel(const c10::OperatorHandle& op, const KnownOperator& known,
                                          c10::ArrayRef<c10::IValue> arguments);

}  // namespace titan::sim
