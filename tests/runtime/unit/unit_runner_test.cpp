// Explicit backward per unit against whole-graph autograd, on one rank.
#include "runtime/unit/unit_runner.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <map>
#include <utility>

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

  std::unique_ptr<unit::UnitRunner> make_runner(const Policy& checkpoint, size_t blocks_per_unit = 1) {
    auto units = test::shard_toy_units(test::make_toy_units({}), group_, true, blocks_per_unit);
    for (auto& one : units) one.checkpoint = one.takes_targets ? nullptr : checkpoint;
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

TEST_F(UnitRunnerTest, UnitsOfOneShardingStepTogetherInItsOrder) {
  auto runner = make_runner(recompute::keep_nothing(), 2);
  std::vector<std::vector<std::string>> stepped;
  runner->on_unit_gradients([&](unit::UnitSharding& sharding) {
    stepped.emplace_back();
    for (auto* shard : sharding.shards()) {
      EXPECT_TRUE(shard->grad.defined()) << shard->name;
      stepped.back().push_back(shard->name);
    }
  });
  unit::Flight flight;
  runner->forward(test::toy_microbatch({}, 4, 1, at::kDouble), flight);
  runner->backward(std::move(flight), {at::ones({}, at::kDouble)}, true);
  const std::vector<std::vector<std::string>> expected = {
      {"blocks.2.up", "blocks.2.down", "blocks.2.scale"},
      {"blocks.0.up", "blocks.0.down", "blocks.0.scale", "blocks.1.up", "blocks.1.down", "blocks.1.scale"},
      {"embed.weight"}};
  EXPECT_EQ(stepped, expected);
}

/// Notes each call that reaches a sharding which was asked for the first time or has to do something.
class Recorded final : public unit::UnitSharding {
 public:
  Recorded(std::string name, std::vector<std::string>& calls) : name_(std::move(name)), calls_(calls) {}
  void begin_unshard() override {
    if (!std::exchange(unsharded_, true)) calls_.push_back("gather " + name_);
  }
  void finish_unshard() override { begin_unshard(); }
  void reshard() override {
    unsharded_ = false;
    calls_.push_back("free " + name_);
  }
  bool reshard_after_forward() const override { return true; }
  size_t reduction_lag() const override { return 1; }
  void begin_reduce(bool) override { calls_.push_back("reduce " + name_); }
  void finish_reduce() override { calls_.push_back("finish " + name_); }
  std::vector<unit::LocalShard*> shards() override { return {}; }

 private:
  std::string name_;
  std::vector<std::string>& calls_;
  bool unsharded_ = false;
};

class Add : public unit::Unit {
 public:
  Add(const std::string& name, std::vector<std::string>& calls) : Unit(name), calls_(calls) {}
  unit::Tuple forward(const unit::Tuple& inputs) override {
    calls_.push_back("run " + full_name());
    return {inputs[0] + 1.0};
  }
  std::string type() const override { return "add"; }

 private:
  std::vector<std::string>& calls_;
};

/// One unit for each letter, which names its sharding.
std::vector<unit::RunnerUnit> units_of(const std::string& letters, std::vector<std::string>& calls) {
  std::map<char, std::shared_ptr<unit::UnitSharding>> shardings;
  std::vector<unit::RunnerUnit> units;
  for (const char letter : letters) {
    auto& sharding = shardings[letter];
    if (!sharding) sharding = std::make_shared<Recorded>(std::string(1, letter), calls);
    units.push_back({.unit = std::make_unique<Add>(std::to_string(units.size()), calls), .sharding = sharding});
  }
  return units;
}

// The next gather is under way while the units of one run; each sharding is freed once per direction, and reduced once.
TEST_F(UnitRunnerTest, ASharedShardingIsGatheredBeforeItsFirstUnitAndFreedAfterItsLast) {
  std::vector<std::string> calls;
  unit::UnitRunner runner(platform_, units_of("abbbcc", calls));
  unit::Flight flight;
  runner.forward({.inputs = {at::ones({2}, at::kDouble)}}, flight);
  const std::vector<std::string> forward = {"gather a", "gather b", "run 0",  "free a", "gather c", "run 1",
                                            "run 2",    "run 3",    "free b", "run 4",  "run 5",    "free c"};
  EXPECT_EQ(calls, forward);
  calls.clear();
  runner.backward(std::move(flight), {at::ones({2}, at::kDouble)}, true);
  runner.finish_gradients();
  const std::vector<std::string> backward = {"gather c", "gather b", "free c",   "reduce c", "gather a", "free b",
                                             "reduce b", "free a",   "reduce a", "finish a", "finish b", "finish c"};
  EXPECT_EQ(calls, backward);
}

TEST_F(UnitRunnerTest, UnitsThatShareAShardingMustFollowEachOther) {
  std::vector<std::string> calls;
  try {
    unit::UnitRunner runner(platform_, units_of("abba", calls));
    FAIL() << "not refused";
  } catch (const c10::Error& error) {
    EXPECT_STREQ(error.what_without_backtrace(),
                 "UnitRunner: units that share a sharding must follow each other: unit=3");
  }
}

}  // namespace
}  // namespace titan
