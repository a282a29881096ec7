// Tensor-parallel plans: which modules rules mean, that plans are complete, and what is refused.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "models/registry.h"
#include "runtime/nn/embedding.h"
#include "runtime/nn/linear.h"
#include "runtime/parallel/tensor/apply_tensor_plan.h"
#include "tests/support/run_ranks.h"

namespace titan::parallel {
namespace {

TEST(Matches, AStarStandsForOnePartOfAName) {
  EXPECT_TRUE(matches("output", "output"));
  EXPECT_TRUE(matches("layers.*.attention", "layers.0.attention"));
  EXPECT_TRUE(matches("layers.*.attention", "layers.12.attention"));
  EXPECT_TRUE(matches("*", "norm"));
  EXPECT_TRUE(matches("*.*", "layers.0"));
  EXPECT_FALSE(matches("layers.*.attention", "layers.0.attention.wq")) << "a pattern ends where the name ends";
  EXPECT_FALSE(matches("layers.*.attention.wq", "layers.0.attention"));
  EXPECT_FALSE(matches("layers.*.attention", "layers.0.1.attention")) << "one part only";
  EXPECT_FALSE(matches("layers.*.attention", "layers.0.attention_norm")) << "whole parts only";
  EXPECT_FALSE(matches("layers.*", "layers"));
  EXPECT_FALSE(matches("output", "layers.0.output"));
  EXPECT_FALSE(matches("layers.1*", "layers.12")) << "a star beside other characters is no star";
  EXPECT_FALSE(matches("", "norm"));
  EXPECT_FALSE(matches("norm", ""));
  EXPECT_FALSE(matches("*", ""));
}

void list_names(const nn::Module& module, std::vector<std::string>& names) {
  for (const nn::Module* child : module.children()) {
    names.push_back(child->full_name());
    list_names(*child, names);
  }
}

TEST(TensorPlan, OfEveryRegisteredModelCoversEveryParameterExactlyOnce) {
  size_t num_plans = 0;
  for (const auto& spec : models::all_models()) {
    if (spec.tensor_plan.empty()) continue;
    SCOPED_TRACE(spec.name + " " + spec.flavor);
    ++num_plans;
    const auto model = spec.build({.seq_len = 16});
    std::vector<std::string> modules;
    for (const auto& unit : model.units) {
      list_names(*unit, modules);
      for (const nn::Parameter* parameter : unit->parameters()) {
        const auto owner = parameter->name.substr(0, parameter->name.rfind('.'));
        EXPECT_EQ(std::count_if(spec.tensor_plan.begin(), spec.tensor_plan.end(),
                                [&owner](const TensorRule& rule) { return matches(rule.module, owner); }),
                  1)
            << parameter->name;
      }
    }
    for (const auto& rule : spec.tensor_plan) {
      EXPECT_TRUE(std::any_of(modules.begin(), modules.end(), [&rule](const std::string& name) {
        return matches(rule.module, name);
      })) << rule.module;
    }
  }
  EXPECT_GT(num_plans, 0u);
}

/// Two projections, 4 -> 6 -> 4.
class TwoLayers final : public unit::Unit {
 public:
  TwoLayers()
      : Unit("block"),
        up_(this, "up", 4, 6, nn::InitRule::constant(0.0)),
        down_(this, "down", 6, 4, nn::InitRule::constant(0.0)) {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {down_.forward(up_.forward(inputs.at(0)))}; }
  std::string type() const override { return "two_layers"; }

 private:
  nn::Linear up_, down_;
};

const TensorPlan kTwoLayers = {{"block.up", TensorStyle::columns}, {"block.down", TensorStyle::rows}};

/// The message of each of `num_ranks` ranks, which must be one; empty: none.
std::string error_of(const TensorPlan& plan, int num_ranks) {
  std::vector<std::string> errors(num_ranks);
  test::run_ranks(num_ranks, [&](comm::Communicator& comm) {
    TwoLayers unit;
    try {
      apply_tensor_plan(plan, {&unit}, {.comm = comm, .stream = {}}, {});
    } catch (const c10::Error& error) {
      errors[comm.rank()] = error.what_without_backtrace();
    }
  });
  for (const auto& error : errors) EXPECT_EQ(error, errors.front());
  return errors.front();
}

TEST(ApplyTensorPlan, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(error_of(kTwoLayers, 2), "");
  EXPECT_EQ(error_of({kTwoLayers[0], kTwoLayers[1], {"block.middle", TensorStyle::columns}}, 2),
            "apply_tensor_plan: a rule must match a module: module=block.middle");
  EXPECT_EQ(error_of({kTwoLayers[0]}, 2),
            "apply_tensor_plan: a rule must cover every parameter: name=block.down.weight");
  EXPECT_EQ(error_of({kTwoLayers[0], kTwoLayers[1], {"*.up", TensorStyle::sequence}}, 2),
            "apply_tensor_plan: one rule at most may cover a parameter: name=block.up.weight");
  EXPECT_EQ(error_of(kTwoLayers, 4), "apply_tensor_plan: ranks must divide dim 0: name=block.up.weight size=6 ranks=4");
}

TEST(ApplyTensorPlan, CutsColumnsAndRowsAndMarksPartialGradients) {
  test::run_ranks(2, [](comm::Communicator& comm) {
    TwoLayers unit;
    apply_tensor_plan(kTwoLayers, {&unit}, {.comm = comm, .stream = {}}, {});
    const auto parameters = unit.parameters();
    EXPECT_EQ(parameters[0]->spec.box, (mesh::Box{{3 * comm.rank(), 0}, {3, 4}}));
    EXPECT_EQ(parameters[1]->spec.box, (mesh::Box{{0, 3 * comm.rank()}, {4, 3}}));
    for (const nn::Parameter* parameter : parameters) {
      EXPECT_EQ(parameter->sharded_axes, std::vector<std::string>{comm.name()});
      EXPECT_FALSE(parameter->grad_is_partial);
    }
    TwoLayers whole;
    apply_tensor_plan({{"block.*", TensorStyle::sequence}}, {&whole}, {.comm = comm, .stream = {}}, {});
    for (const nn::Parameter* parameter : whole.parameters()) {
      EXPECT_TRUE(parameter->spec.is_whole());
      EXPECT_TRUE(parameter->grad_is_partial);
    }
  });
}

TEST(Embedding, PartsOfTheRowsAddUpToTheWholeInValueAndGradient) {
  constexpr int64_t kRows = 12, kDim = 5;
  const auto weight = at::randn({kRows, kDim}, at::kDouble).requires_grad_(true);
  const auto tokens = (at::arange(21, at::kLong) * 5 % kRows).view({3, 7});
  const auto expected = at::embedding(weight, tokens);
  const auto scale = at::randn(expected.sizes(), at::kDouble);
  const auto expected_gradient = torch::autograd::grad({(expected * scale).sum()}, {weight}).front();
  for (const int num_ranks : {1, 2, 3, 4}) {
    auto sum = at::zeros_like(expected);
    std::vector<at::Tensor> gradients;
    for (int rank = 0; rank < num_ranks; ++rank) {
      nn::Embedding embedding(nullptr, "words", kRows, kDim, nn::InitRule::constant(0.0));
      nn::Parameter& parameter = *embedding.parameters().front();
      parameter.spec = mesh::shard(parameter.spec, 0, num_ranks, rank);
      const auto& box = parameter.spec.box;
      parameter.value = weight.detach().narrow(0, box.offset[0], box.size[0]).clone().requires_grad_(true);
      const auto part = embedding.forward(tokens);
      sum = sum + part.detach();
      gradients.push_back(torch::autograd::grad({(part * scale).sum()}, {parameter.value}).front());
    }
    EXPECT_TRUE(at::equal(sum, expected)) << num_ranks;
    EXPECT_TRUE(at::equal(at::cat(gradients), expected_gradient)) << num_ranks;
  }
}

}  // namespace
}  // namespace titan::parallel
