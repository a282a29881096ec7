#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "runtime/nn/parameter.h"

namespace titan::unit {

/// Receives the gradient of one input of a unit. Unlike a leaf's accumulator it does not keep the input alive.
class InputGradient;

/// A detached input whose gradient ends in a sink.
struct TracedInput {
  at::Tensor tensor;
  std::shared_ptr<InputGradient> sink;  // null: the input takes no gradient (integers, masks)
};

/// Detaches `input`; floating-point tensors get a gradient edge to a fresh sink.
TracedInput trace_input(const at::Tensor& input);
/// Moves the gradient out of a sink; undefined where none arrived or the sink is null.
at::Tensor take_gradient(const std::shared_ptr<InputGradient>& sink);

/// Makes `storage_alias` (a tensor without autograd history) the parameter's value; its gradient flows into
/// parameter.grad. The first contribution is taken over without a copy where nobody else holds it; later ones are
/// added, in float32 where the value is of lower precision.
void bind_value(nn::Parameter& parameter, at::Tensor storage_alias);

/// Where a unit's output leaves its graph. Holds the graph alive but not the output.
struct OutputEdge;

/// Gives the edge of an output; the output itself may die.
std::shared_ptr<OutputEdge> output_edge(const at::Tensor& output);

/// Sends gradients into output edges and runs the unit's graph down to its sinks, on the calling thread. An undefined
/// gradient adds nothing. The graph is released.
void run_backward(std::vector<std::shared_ptr<OutputEdge>>&& outputs, std::vector<at::Tensor>&& gradients);

}  // namespace titan::unit
