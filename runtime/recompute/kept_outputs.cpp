#include "runtime/recompute/kept_outputs.h"

#include <utility>

namespace titan::recompute {

Tensors Keeper::run(const OpCall& call, const Compute& compute) {
  Tensors outputs = compute();
  kept_.emplace_back();
  if (policy_.keeps(call, counts_)) {
    for (const auto& output : outputs) kept_.back().push_back(output.detach());
  }
  return outputs;
}

Tensors Replayer::run(const OpCall&, const Compute& compute) {
  TORCH_CHECK(next_ < kept_.size(),
              "recompute: a unit must call the same operators in both forwards: calls=", kept_.size());
  Tensors outputs = std::move(kept_[next_++]);
  return outputs.empty() ? compute() : outputs;
}

}  // namespace titan::recompute
