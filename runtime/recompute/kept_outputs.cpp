#include "runtime/recompute/kept_outputs.h"

#include <ATen/ops/full.h>

#include <limits>
#include <utility>

namespace titan::recompute {

namespace {

constexpr const char* kRule = "recompute: a unit must call the same operators in both forwards: ";

size_t first_unread(const KeptOutputs& kept) {
  std::vector<OpKind> kinds;
  for (const auto& one : kept) kinds.push_back(one.call.kind);
  return kept.size() - num_unread(kinds);
}

/// NaN, so that whoever reads it against the promise does not go on unseen.
Tensors hollow(const std::vector<OutputShape>& shapes) {
  Tensors outputs;
  for (const auto& shape : shapes) {
    const auto one = at::full({}, std::numeric_limits<double>::quiet_NaN(), shape.options);
    outputs.push_back(one.expand(shape.sizes));
  }
  return outputs;
}

}  // namespace

Tensors Keeper::run(const OpCall& call, const Compute& compute) {
  Tensors outputs = compute();
  kept_.push_back({.call = call});
  for (const auto& output : outputs) kept_.back().shapes.push_back({output.sizes().vec(), output.options()});
  if (policy_.keeps(call, counts_)) {
    for (const auto& output : outputs) kept_.back().outputs.push_back(output.detach());
  }
  return outputs;
}

Replayer::Replayer(KeptOutputs&& kept, bool ends_linear)
    : kept_(std::move(kept)), first_unread_(ends_linear ? first_unread(kept_) : kept_.size()) {}

Tensors Replayer::run(const OpCall& call, const Compute& compute) {
  TORCH_CHECK(next_ < kept_.size(), kRule, "calls of the first=", kept_.size());
  TORCH_CHECK(kept_[next_].call == call, kRule, "first difference at call ", next_, " of ", kept_.size());
  const size_t index = next_++;
  Tensors outputs = std::move(kept_[index].outputs);
  if (!outputs.empty()) return outputs;
  return index < first_unread_ ? compute() : hollow(kept_[index].shapes);
}

void Replayer::finish() const {
  TORCH_CHECK(next_ == kept_.size(), kRule, "calls of the first=", kept_.size(), " of the second=", next_);
}

}  // namespace titan::recompute
