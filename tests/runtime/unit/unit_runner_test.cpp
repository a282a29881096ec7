// Explicit backward per unit against whole-graph autograd, on one rank.
#include "runtime/unit/unit_runner.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "runtime/comm/solo_communicator.h"
#include "runtime/parallel/fsdp/fsdp_unit.h"
#include "runtime/platform/cpu_platform.h"
#include "tests/support/toy_units.h"

namespace titan {
namespace {

using Policy = std::shared_ptr<const recompute::SavePolicy>;

class UnitRunnerTest : public ::testing::Test {
 protected:
  UnitRunnerTest()
      : platform_(platform::World{}, nullptr),
        shard_("fsdp"),
        replicate_("dp_replicate"),
        group_{.platform = platform_,
               .shard = shard_,
               .replicate = replicate_,
               .dtypes = unit::DtypePolicy::uniform(at::kDouble)} {}

  std::unique_ptr<unit::UnitRunner> make_runner(const Policy& checkpoint) {
    std::vector<unit::RunnerUnit> units;
    for (auto& one : test::make_toy_units({})) {
      std::unique_ptr<unit::UnitSharding> sharding;
      if (!one->parameters().empty()) sharding = std::make_unique<parallel::FsdpUnit>(group_, *one, true);
      const bool is_loss = one->full_name() == "loss";
      units.push_back({.unit = std::move(one),
                       .sharding = std::move(sharding),
                       .checkpoint = is_loss ? nullptr : checkpoint,
                       .takes_targets = is_loss});
    }
    auto runner = std::make_unique<unit::UnitRunner>(platform_, std::move(units));
    test::fill_shards(*runner);
    return runner;
  }

  // The same model as one autograd graph: leaves in place of the bound values.
  std::vector<at::Tensor> whole_graph_gradients(unit::UnitRunner& runner, unit::Microbatch&& microbatch,
                                                at::Tensor& loss) {
    at::AutoGradMode grad(true);
    std::vector<at::Tensor> leaves;
    unit::Tuple values = std::move(microbatch.inputs);
    for (const auto& one : runner.units()) {
      std::vector<at::Tensor> bound;
      for (nn::Parameter* parameter : one.unit->parameters()) {
        bound.push_back(parameter->value);
        leaves.push_back(parameter->value.detach().requires_grad_(true));
        parameter->value = leaves.back();
      }
      if (one.takes_targets) values.push_back(microbatch.targets[0]);
      values = one.unit->forward(values);
      size_t i = 0;
      for (nn::Parameter* parameter : one.unit->parameters()) parameter->value = bound[i++];
    }
    loss = values[0];
    return torch::autograd::grad({loss}, leaves);
  }

  platform::CpuPlatform platform_;
  comm::SoloCommunicator shard_, replicate_;
  parallel::FsdpGroup group_;
};

TEST_F(UnitRunnerTest, ExplicitBackwardEqualsWholeGraphAutogradBitwise) {
  for (const Policy& checkpoint : {Policy(), recompute::keep_nothing(), recompute::keep_every_other_matmul({})}) {
    auto runner = make_runner(checkpoint);
    at::Tensor expected_loss;
    const auto expected = whole_graph_gradients(*runner, test::toy_microbatch({}, 9, 1, at::kDouble), expected_loss);
    unit::Flight flight;
    const auto outputs = runner->forward(test::toy_microbatch({}, 9, 1, at::kDouble), flight);
    EXPECT_FALSE(outputs[0].requires_grad());
    EXPECT_TRUE(at::equal(outputs[0], expected_loss));
    const auto input_gradients = runner->backward(std::move(flight), {at::ones({}, at::kDouble)}, true);
    runner->finish_gradients();
    ASSERT_EQ(input_gradients.size(), 1u);
    EXPECT_FALSE(input_gradients[0].defined()) << "word indices take no gradient";
    const auto shards = runner->shards();
    ASSERT_EQ(shards.size(), expected.size());
    for (size_t i = 0; i < shards.size(); ++i) {
      EXPECT_TRUE(at::equal(shards[i]->grad, expected[i])) << shards[i]->name;
    }
  }
}

TEST_F(UnitRunnerTest, MicrobatchesInFlightTogetherAddTheirGradients) {
  auto runner = make_runner(nullptr);
  at::Tensor loss;
  auto expected = whole_graph_gradients(*runner, test::toy_microbatch({}, 4, 1, at::kDouble), loss);
  const auto second = whole_graph_gradients(*runner, test::toy_microbatch({}, 4, 2, at::kDouble), loss);
  unit::Flight first_flight, second_flight;
  runner->forward(test::toy_microbatch({}, 4, 1, at::kDouble), first_flight);
  runner->forward(test::toy_microbatch({}, 4, 2, at::kDouble), second_flight);
  runner->backward(std::move(first_flight), {at::ones({}, at::kDouble)}, false);
  runner->backward(std::move(second_flight), {at::ones({}, at::kDouble)}, true);
  runner->finish_gradients();
  const auto shards = runner->shards();
  for (size_t i = 0; i < shards.size(); ++i) {
    EXPECT_TRUE(at::equal(shards[i]->grad, expected[i] + second[i])) << shards[i]->name;
  }
}

TEST_F(UnitRunnerTest, EvaluateGivesTheLossAndLeavesNoGradient) {
  auto runner = make_runner(nullptr);
  at::Tensor expected;
  whole_graph_gradients(*runner, test::toy_microbatch({}, 6, 3, at::kDouble), expected);
  const auto outputs = runner->evaluate(test::toy_microbatch({}, 6, 3, at::kDouble));
  EXPECT_TRUE(at::equal(outputs[0], expected));
  for (const auto* shard : runner->shards()) EXPECT_FALSE(shard->grad.defined());
}

TEST_F(UnitRunnerTest, StepsInBackwardOrderWhenGradientsAreComplete) {
  auto runner = make_runner(nullptr);
  std::vector<std::string> stepped;
  runner->on_unit_gradients([&](unit::UnitSharding& sharding) {
    for (auto* shard : sharding.shards()) {
      EXPECT_TRUE(shard->grad.defined()) << shard->name;
      stepped.push_back(shard->name);
    }
  });
  unit::Flight flight;
  runner->forward(test::toy_microbatch({}, 4, 1, at::kDouble), flight);
  runner->backward(std::move(flight), {at::ones({}, at::kDouble)}, true);
  const std::vector<std::string> expected = {"blocks.2.up",    "blocks.2.down",  "blocks.2.scale", "blocks.1.up",
                                             "blocks.1.down",  "blocks.1.scale", "blocks.0.up",    "blocks.0.down",
                                             "blocks.0.scale", "embed.weight"};
  EXPECT_EQ(stepped, expected);
}

}  // namespace
}  // namespace titan
