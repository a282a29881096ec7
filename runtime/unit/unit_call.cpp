#include "runtime/unit/unit_call.h"

#include <ATen/core/grad_mode.h>

#include <utility>

#include "runtime/recompute/kept_outputs.h"
#include "runtime/unit/gradient_edges.h"
#include "runtime/unit/saved_forward.h"

namespace titan::unit {
namespace {

Tuple detached(Tuple&& outputs) {
  Tuple plain;
  plain.reserve(outputs.size());
  for (auto& output : outputs) plain.push_back(std::exchange(output, at::Tensor()).detach());
  return plain;
}

// Builds the unit's graph and keeps its two ends; what lies between stays alive through the output edges only.
Tuple forward_with_graph(Unit& unit, Tuple&& inputs, SavedForward& saved) {
  at::AutoGradMode grad(true);
  Tuple traced;
  for (auto& input : inputs) {
    TracedInput one = trace_input(std::exchange(input, at::Tensor()));
    traced.push_back(std::move(one.tensor));
    saved.inputs.push_back(std::move(one.sink));
  }
  inputs.clear();
  Tuple outputs = unit.forward(traced);
  traced.clear();
  for (const auto& output : outputs) saved.outputs.push_back(output_edge(output));
  return detached(std::move(outputs));
}

Tuple forward_to_run_again(UnitCall&& call) {
  recompute::Keeper keeper(*call.checkpoint, call.saved->kept);
  const recompute::InterceptGuard guard(keeper);
  Tuple outputs = call.unit->forward(call.arguments);
  call.saved->recompute_from = std::move(call.arguments);
  return outputs;
}

Tuple forward(UnitCall&& call) {
  if (call.keep_for_backward && !call.checkpoint) {
    return forward_with_graph(*call.unit, std::move(call.arguments), *call.saved);
  }
  at::NoGradGuard no_grad;
  if (call.keep_for_backward) return detached(forward_to_run_again(std::move(call)));
  return detached(call.unit->forward(call.arguments));
}

void run_again(Unit& unit, SavedForward& saved) {
  recompute::Replayer replayer(std::move(saved.kept), unit.ends_linear());
  const recompute::InterceptGuard guard(replayer);
  forward_with_graph(unit, std::move(saved.recompute_from), saved);
  replayer.finish();
}

Tuple backward(UnitCall&& call) {
  SavedForward saved = std::move(*call.saved);
  *call.saved = {};
  if (call.checkpoint) run_again(*call.unit, saved);
  run_backward(std::move(saved.outputs), std::move(call.arguments));
  Tuple gradients;
  for (const auto& input : saved.inputs) gradients.push_back(take_gradient(input));
  return gradients;
}

}  // namespace

Tuple execute(UnitCall&& call) {
  return call.phase == Phase::forward ? forward(std::move(call)) : backward(std::move(call));
}

}  // namespace titan::unit
