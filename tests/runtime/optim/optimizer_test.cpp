#include "runtime/optim/optimizer.h"

#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "runtime/config/config_error.h"
#include "tests/runtime/optim/shards.h"

namespace titan::optim {
namespace {

constexpr Implementation kImplementations[] = {Implementation::for_loop, Implementation::foreach,
                                               Implementation::fused};

/// Two full shards and an empty one.
ShardSet three_shards() {
  ShardSet set;
  set.add(whole_shard("wq.weight", at::randn({8, 4}), at::randn({8, 4})));
  set.add({"norm.weight", mesh::shard(mesh::whole({4}), 0, 8, 7), {"fsdp"}, at::randn({0}), at::randn({0})});
  set.add(whole_shard("wk.weight", at::randn({3, 4}), at::randn({3, 4})));
  return set;
}

ShardSet copy(const ShardSet& set) {
  ShardSet result;
  for (const unit::LocalShard* s : set.list) {
    result.add(
        {s->name, s->spec, s->sharded_axes, s->value.clone(), s->grad.defined() ? s->grad.clone() : at::Tensor()});
  }
  return result;
}

void expect_same_values(const ShardSet& a, const ShardSet& b) {
  for (size_t i = 0; i < a.list.size(); ++i) EXPECT_TRUE(a.list[i]->value.equal(b.list[i]->value)) << a.list[i]->name;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

TEST(Optimizer, LeavesShardsWithoutGradientAlone) {
  for (const Implementation implementation : kImplementations) {
    ShardSet set = three_shards();
    set.list[0]->grad.reset();
    const ShardSet before = copy(set);
    Optimizer optimizer(set.list, {.implementation = implementation});
    optimizer.step(0.1);
    EXPECT_TRUE(set.list[0]->value.equal(before.list[0]->value));
    EXPECT_FALSE(set.list[2]->value.equal(before.list[2]->value));
    const auto state = optimizer.state();
    EXPECT_EQ(state[2].value.item().toDouble(), 0.0);  // wq did no step
    EXPECT_EQ(state[8].value.item().toDouble(), 1.0);
  }
}

TEST(Optimizer, SteppingShardsOneByOneEqualsSteppingAll) {
  for (const Implementation implementation : kImplementations) {
    ShardSet together = three_shards(), singly = copy(together);
    Optimizer one(together.list, {.implementation = implementation});
    Optimizer two(singly.list, {.implementation = implementation});
    for (int step = 0; step < 3; ++step) {
      one.step(0.01);
      for (const size_t i : {2, 0, 1}) two.step_one(*singly.list[i], 0.01);
    }
    expect_same_values(together, singly);
  }
}

TEST(Optimizer, StepOneWithoutGradientDoesNothing) {
  ShardSet set = three_shards();
  Optimizer optimizer(set.list, {});
  optimizer.zero_grad();
  const ShardSet before = copy(set);
  optimizer.step_one(*set.list[0], 0.1);
  expect_same_values(set, before);
}

TEST(Optimizer, ZeroGradDropsGradients) {
  ShardSet set = three_shards();
  Optimizer(set.list, {}).zero_grad();
  for (const unit::LocalShard* shard : set.list) EXPECT_FALSE(shard->grad.defined());
}

TEST(Optimizer, DescribesItsStateLikeTheParameters) {
  ShardSet set = three_shards();
  set.list[0]->value = set.list[0]->value.to(at::kBFloat16);
  Optimizer optimizer(set.list, {});
  const auto state = optimizer.state();
  ASSERT_EQ(state.size(), 9U);
  EXPECT_EQ(state[0].name, "state.wq.weight.exp_avg");
  EXPECT_EQ(state[0].value.scalar_type(), at::kBFloat16);
  EXPECT_EQ(state[4].name, "state.norm.weight.exp_avg_sq");
  EXPECT_EQ(state[4].spec, set.list[1]->spec);
  EXPECT_EQ(state[4].sharded_axes, std::vector<std::string>{"fsdp"});
  EXPECT_EQ(state[8].name, "state.wk.weight.step");
  EXPECT_EQ(state[8].value.dim(), 0);
  EXPECT_EQ(state[8].value.scalar_type(), at::kFloat);
  EXPECT_TRUE(state[8].spec.is_whole());
}

TEST(Optimizer, GoesOnFromLoadedStateAsIfItHadNeverStopped) {
  for (const Implementation implementation : kImplementations) {
    ShardSet set = three_shards();
    const OptimizerOptions options{.implementation = implementation};
    Optimizer first(set.list, options);
    for (int step = 0; step < 3; ++step) first.step(0.01);
    ShardSet resumed = copy(set);
    Optimizer second(resumed.list, options);
    const auto from = first.state(), to = second.state();
    for (size_t i = 0; i < from.size(); ++i) to[i].value.copy_(from[i].value);
    first.step(0.01);
    second.step(0.01);
    expect_same_values(set, resumed);
  }
}

TEST(Optimizer, UpdatesValuesThatRequireGrad) {
  for (const Implementation implementation : kImplementations) {
    ShardSet set = three_shards();
    for (unit::LocalShard* shard : set.list) shard->value.requires_grad_();
    const auto version = set.list[0]->value._version();
    Optimizer(set.list, {.implementation = implementation}).step(0.01);
    EXPECT_GT(set.list[0]->value._version(), version);
    EXPECT_TRUE(set.list[0]->value.is_leaf());
  }
}

TEST(Optimizer, RefusesWrongShards) {
  ShardSet set = three_shards();
  EXPECT_NE(message_of([&] {
              Optimizer({set.list[0], set.list[0]}, {});
            }).find("must be listed once: wq.weight"),
            std::string::npos);
  unit::LocalShard strided = whole_shard("w", at::zeros({3, 4}).t(), {});
  EXPECT_NE(message_of([&] { Optimizer({&strided}, {}); }).find("must be floating and contiguous: w"),
            std::string::npos);
  unit::LocalShard empty = whole_shard("w", at::zeros({3}), {});
  empty.value.reset();
  EXPECT_NE(message_of([&] { Optimizer({&empty}, {}); }).find("must have a value: w"), std::string::npos);
  Optimizer optimizer({set.list[0]}, {});
  EXPECT_NE(message_of([&] { optimizer.step_one(*set.list[2], 0.1); }).find("not a shard of this optimizer: wk.weight"),
            std::string::npos);
  set.list[0]->grad = at::zeros({4, 8});
  EXPECT_NE(message_of([&] { optimizer.step(0.1); }).find("wq.weight grad=[4, 8]"), std::string::npos);
}

TEST(OptimizerOptions, ParseTheReferencesNames) {
  EXPECT_EQ(parse_optimizer_name("AdamW"), OptimizerName::adam_w);
  EXPECT_EQ(parse_optimizer_name("Adam"), OptimizerName::adam);
  EXPECT_EQ(parse_implementation("for-loop"), Implementation::for_loop);
  EXPECT_EQ(parse_implementation("foreach"), Implementation::foreach);
  EXPECT_EQ(parse_implementation("fused"), Implementation::fused);
  EXPECT_EQ(message_of([] { parse_optimizer_name("SGD"); }), "optimizer.name: must be AdamW or Adam, found 'SGD'");
  EXPECT_EQ(message_of([] { parse_implementation("loop"); }),
            "optimizer.implementation: must be for-loop, foreach or fused, found 'loop'");
}

}  // namespace
}  // namespace titan::optim
