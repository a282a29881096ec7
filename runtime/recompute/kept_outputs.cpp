#include "runtime/recompute/kept_outputs.h"

#include <utility>

namespace titan::recompute {

namespace {

constexpr const char* kRule = "recompute: a unit must call the same operators in both forwards: ";

}  // namespace

Tensors Keeper::run(const OpCall& call, const Compute& compute) {
  Tensors outputs = compute();
  kept_.push_back({.call = call, .outputs = {}});
  if (policy_.keeps(call, counts_)) {
    for (const auto& output : outputs) kept_.back().outputs.push_back(output.detach());
  }
  return outputs;
}

Tensors Replayer::run(const OpCall& call, const Compute& compute) {
  TORCH_CHECK(next_ < kept_.size(), kRule, "calls of the first=", kept_.size());
  TORCH_CHECK(kept_[next_].call == call, kRule, "first difference at call ", next_, " of ", kept_.size());
  Tensors outputs = std::move(kept_[next_++].outputs);
  return outputs.empty() ? compute() : outputs;
}

void Replayer::finish() const {
  TORCH_CHECK(next_ == kept_.size(), kRule, "calls of the first=", kept_.size(), " of the second=", next_);
}

}  // namespace titan::recompute
