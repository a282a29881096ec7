#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "models/registry.h"
#include "runtime/nn/initialise.h"
#include "runtime/ops/cross_entropy.h"
#include "tests/models/toy/model.h"

// Everything that docs/adding_a_model.md promises for one folder (tests/models/toy) and this one line:

namespace titan::models {
namespace {

constexpr MakeSpecs kModels[] = {toy::toy_specs};

/// Builds the model with its first values; every parameter is a leaf that collects its gradient.
train::Model build_with_values(const train::ModelSpec& spec) {
  auto model = spec.build({});
  model.make_buffers(at::kCPU, /*has_values=*/true);
  for (const auto& unit : model.units) {
    for (auto* parameter : unit->parameters()) {
      parameter->value = at::empty(parameter->spec.box.size, at::kFloat);
      nn::fill(parameter->value, parameter->spec, parameter->init, /*seed=*/1, parameter->name);
      parameter->value.requires_grad_(true);
    }
  }
  return model;
}

double step(const train::Model& model, const at::Tensor& tokens, const at::Tensor& labels, double lr) {
  unit::Tuple values{tokens};
  for (const auto& unit : model.units) values = unit->forward(values);
  const auto loss = ops::cross_entropy_sum(values.at(0), labels);
  torch::autograd::backward({loss}, {});
  for (const auto& unit : model.units) {
    for (auto* parameter : unit->parameters()) {
      parameter->value.data().sub_(parameter->value.grad().mul(lr));
      parameter->value.mutable_grad().reset();
    }
  }
  return loss.item<double>();
}

TEST(ToyModel, IsFoundByNameAndCountsItsParameters) {
  const auto spec = find_model(list_models(kModels), "toy", "small");
  int64_t count = 0;
  for (const auto& unit : spec.build({}).units) {
    for (const auto* parameter : unit->parameters()) count += parameter->spec.global_numel();
  }
  EXPECT_EQ(count, spec.num_parameters);
}

// Label = token + 1: a table of bigrams, which embedding and projection learn.
TEST(ToyModel, Learns) {
  const auto spec = find_model(list_models(kModels), "toy", "small");
  const auto model = build_with_values(spec);
  const auto tokens = at::arange(39, at::kLong).view({3, 13});
  const double first = step(model, tokens, tokens.add(1), 0.01);
  double last = first;
  for (int i = 0; i < 50; ++i) last = step(model, tokens, tokens.add(1), 0.01);
  EXPECT_LT(last, 0.2 * first);
}

}  // namespace
}  // namespace titan::models
