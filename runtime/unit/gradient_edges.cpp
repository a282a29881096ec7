#include "runtime/unit/gradient_edges.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

namespace titan::unit {

using torch::autograd::Edge;
using torch::autograd::Node;
using torch::autograd::variable_list;

// Sequence number UINT64_MAX: a sink runs as soon as its gradient is complete, so that buffers die early.
class InputGradient : public Node {
 public:
  InputGradient() : Node(UINT64_MAX) {}
  variable_list apply(variable_list&& grads) override {
    // detach: a view made without grad mode would hold its base
    if (grads[0].defined()) gradient = grads[0].detach();
    grads.clear();
    return {};
  }

  at::Tensor gradient;
};

namespace {

bool is_low_precision(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kHalf;
}

class ParameterGradient : public Node {
 public:
  explicit ParameterGradient(nn::Parameter& parameter) : Node(UINT64_MAX), parameter_(parameter) {}

  variable_list apply(variable_list&& grads) override {
    at::Tensor incoming = std::move(grads[0]);
    grads.clear();
    if (!incoming.defined()) return {};
    if (parameter_.grad.defined()) {
      add(incoming);
    } else {
      take_over(std::move(incoming));
    }
    return {};
  }

 private:
  void add(const at::Tensor& incoming) {
    if (is_low_precision(parameter_.grad)) parameter_.grad = parameter_.grad.to(at::kFloat);
    parameter_.grad.add_(incoming);
  }

  void take_over(at::Tensor&& incoming) {
    at::Tensor plain = incoming.detach();
    incoming.reset();
    const bool sole_owner = plain.is_contiguous() && plain.storage().use_count() == 1;
    parameter_.grad = sole_owner ? std::move(plain) : plain.clone(at::MemoryFormat::Contiguous);
  }

  nn::Parameter& parameter_;
};

// Root of a unit's backward: hands over the output gradients and keeps none.
class GradientSource : public Node {
 public:
  GradientSource(torch::autograd::edge_list&& next, variable_list&& gradients)
      : Node(std::move(next)), gradients_(std::move(gradients)) {}
  variable_list apply(variable_list&&) override { return std::move(gradients_); }

 private:
  variable_list gradients_;
};

}  // namespace

struct OutputEdge {
  Edge edge;
};

TracedInput trace_input(const at::Tensor& input) {
  TracedInput traced{.tensor = input.detach()};
  if (at::isFloatingType(input.scalar_type())) {
    traced.sink = std::make_shared<InputGradient>();
    torch::autograd::create_gradient_edge(traced.tensor, traced.sink);
  }
  return traced;
}

at::Tensor take_gradient(const std::shared_ptr<InputGradient>& sink) {
  return sink ? std::move(sink->gradient) : at::Tensor();
}

void bind_value(nn::Parameter& parameter, at::Tensor storage_alias) {
  if (parameter.trainable) {
    torch::autograd::create_gradient_edge(storage_alias, std::make_shared<ParameterGradient>(parameter));
  }
  parameter.value = std::move(storage_alias);
}

std::shared_ptr<OutputEdge> output_edge(const at::Tensor& output) {
  auto edge = std::make_shared<OutputEdge>();
  if (output.requires_grad()) edge->edge = torch::autograd::impl::gradient_edge(output);
  return edge;
}

void run_backward(std::vector<std::shared_ptr<OutputEdge>>&& outputs, std::vector<at::Tensor>&& gradients) {
  torch::autograd::edge_list edges;
  variable_list incoming;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i]->edge.is_valid() || !gradients[i].defined()) continue;
    edges.push_back(std::move(outputs[i]->edge));
    incoming.push_back(std::move(gradients[i]));
  }
  outputs.clear();
  gradients.clear();
  if (edges.empty()) return;
  const at::Tensor trigger = at::empty({0}, incoming.front().options());
  auto source = std::make_shared<GradientSource>(std::move(edges), std::move(incoming));
  source->add_input_metadata(trigger);
  torch::autograd::Engine::get_default_engine().execute({Edge(source, 0)}, {trigger}, /*keep_graph=*/false,
                                                        /*create_graph=*/false, /*accumulate_grad=*/true, {});
}

}  // namespace titan::unit
