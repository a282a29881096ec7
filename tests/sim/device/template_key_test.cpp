// Calls of units that differ in one thing only, which a template's key must tell: each chain records the same with
// templates as without.
#include <ATen/ops/add.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sum.h>

#include <bit>

#include "runtime/comm/communicator.h"
#include "runtime/nn/linear.h"
#include "runtime/ops/linear.h"
#include "runtime/parallel/tensor/apply_tensor_plan.h"
#include "runtime/platform/attribute.h"
#include "tests/sim/device/template_scene.h"

namespace titan::test {
namespace {

/// A linear layer that a tensor plan knows.
class ProjectionUnit final : public unit::Unit {
 public:
  ProjectionUnit() : Unit("") {}
  void bind(const SimPlatform& platform) {
    for (auto* parameter : parameters())
      unit::bind_value(*parameter, at::empty(parameter->spec.box.size, on(platform)));
  }
  Tuple forward(const Tuple& inputs) override { return {projection_.forward(inputs[0])}; }
  std::string type() const override { return "projection"; }

 private:
  nn::Linear projection_{this, "projection", kWidth, kWidth, nn::InitRule::constant(0.0)};
};

Tuple linear(const FunctionUnit& u, const Tuple& x) { return {at::linear(x[0], u.w(0))}; }
Tuple gated(const FunctionUnit& u, const Tuple& x) { return {at::silu(at::linear(x[0], u.w(0)))}; }

// 4 microbatches: 3 forwards are like the first. The gradient is absent in the first backward, bfloat16 and widened in
// the second, float32 in the third; the fourth is like the third.
TEST(TemplateKey, IdenticalCallsAreRecordedOnce) {
  const auto outcome = expect_same([](SimPlatform& p) {
    FunctionUnit one("gated", gated);
    one.with(weight(p));
    for (int i = 0; i < 4; ++i) train_one(p, one, row_input(p));
  });
  EXPECT_EQ(outcome.num_hits, 3 + 1);
  EXPECT_EQ(outcome.num_executed, 0);
}

TEST(TemplateKey, TellsTypes) {
  expect_same([](SimPlatform& p) {
    FunctionUnit a("a", gated),
        b("b", [](const FunctionUnit&u, const Tuple&x) -> Tuple { return {at::sigmoid(at::linear(x[0], u.w(0)))}; });
    for (FunctionUnit* one : {&a, &b}) train_one(p, one->with(weight(p)), row_input(p));
  });
}

TEST(TemplateKey, TellsHooks) {
  expect_same([](SimPlatform& p) {
    const auto hooked = [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      return {u.finish(at::linear(x[0], u.w(0)))};
    };
    FunctionUnit a("hooked", hooked), b("hooked", hooked);
    b.set_output_hook([](const at::Tensor& y) { return at::silu(y); });
    for (FunctionUnit* one : {&a, &b}) train_one(p, one->with(weight(p)), row_input(p));
  });
}

// One function in both, which communicates in another group each time (runtime/parallel/tensor/apply_tensor_plan.cpp).
TEST(TemplateKey, TellsWhatHooksCaptured) {
  expect_same([](SimPlatform& p) {
    const auto first = p.make_communicator({0, 1}, "first"), second = p.make_communicator({0, 1}, "second");
    const auto hooked = [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      return {u.finish(at::linear(x[0], u.w(0)))};
    };
    for (comm::Communicator* comm : {first.get(), second.get()}) {
      FunctionUnit one("hooked", hooked);
      one.set_output_hook({[comm, stream = p.stream(platform::StreamRole::compute)](const at::Tensor& y) {
                             comm->all_reduce(y, comm::ReduceOp::sum, stream).wait(stream);
                             return y;
                           },
                           std::bit_cast<uint64_t>(comm)});
      forward(p, one.with(weight(p)), row_input(p), nullptr);
    }
  });
}

// The same plan applied to the same model over two groups of equal size.
TEST(TemplateKey, TellsGroupsOfTensorParallelism) {
  expect_same([](SimPlatform& p) {
    const auto first = p.make_communicator({0, 1}, "first"), second = p.make_communicator({0, 1}, "second");
    for (comm::Communicator* comm : {first.get(), second.get()}) {
      ProjectionUnit one;
      parallel::apply_tensor_plan({{"projection", parallel::TensorStyle::rows}}, {&one},
                                  {.comm = *comm, .stream = p.stream(platform::StreamRole::compute)}, {});
      one.bind(p);
      forward(p, one, {at::empty({1, kRows, kWidth / 2}, on(p))}, nullptr);
    }
  });
}

// A rank with all rows of a table looks them up; one with as many rows of a larger table masks the others' as well.
TEST(TemplateKey, TellsWholeParametersFromParts) {
  expect_same([](SimPlatform& p) {
    const auto lookup = [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      return {u.parameters()[0]->spec.is_whole() ? at::silu(x[0]) : at::silu(at::mul(x[0], 2))};
    };
    for (const int64_t num_parts : {1, 2}) {
      FunctionUnit one("lookup", lookup);
      one.with(weight(p));
      auto& spec = one.parameters()[0]->spec;
      spec.global_shape[0] *= num_parts;
      forward(p, one, row_input(p), nullptr);
    }
  });
}

TEST(TemplateKey, TellsSizesOfInputs) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("gated", gated);
    one.with(weight(p));
    for (const int64_t rows : {64, 32}) train_one(p, one, {at::empty({rows, kWidth}, on(p))});
  });
}

TEST(TemplateKey, TellsElementTypesOfInputs) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("silu", [](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::silu(x[0])}; });
    for (const auto dtype : {at::kBFloat16, at::kHalf}) train_one(p, one, {at::empty({kRows, kWidth}, on(p, dtype))});
  });
}

TEST(TemplateKey, TellsStridesOfInputs) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("contiguous",
                     [](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::silu(x[0].contiguous())}; });
    train_one(p, one, {at::empty({kWidth, kWidth}, on(p))});
    train_one(p, one, {at::empty({kWidth, kWidth}, on(p)).t()});
  });
}

Tuple product(const FunctionUnit&, const Tuple& x) { return {at::mul(x[0], x[1])}; }

TEST(TemplateKey, TellsThatTwoInputsShareAStorage) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("product", product);
    train_one(p, one, {row_input(p)[0], row_input(p)[0]});
    at::Tensor x = row_input(p)[0];
    const at::Tensor y = x.detach();
    train_one(p, one, {std::move(x), y});
    at::Tensor z = row_input(p)[0];
    Tuple both{z, z};
    z.reset();
    train_one(p, one, std::move(both));
  });
}

TEST(TemplateKey, TellsThatTwoInputsAreOneTensor) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("product", product);
    const auto full = [](SimPlatform& q, FunctionUnit& u, Tuple&& x) { forward(q, u, std::move(x), nullptr); };
    at::Tensor x = row_input(p)[0];
    Tuple aliases{x, x.detach()};
    x.reset();
    full(p, one, std::move(aliases));
    at::Tensor y = row_input(p)[0];
    Tuple twice{y, y};
    y.reset();
    full(p, one, std::move(twice));
  });
}

TEST(TemplateKey, TellsWhetherTheCallerHoldsTheInput) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("silu twice", [](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::add(x[0], 1)}; });
    train_one(p, one, row_input(p));
    const Tuple held = row_input(p);
    train_one(p, one, Tuple(held));
  });
}

TEST(TemplateKey, TellsWhetherTheCallerDroppedTheInputBeforeBackward) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("linear", linear);
    one.with(weight(p));
    for (const bool drops : {false, true}) {
      Tuple held = row_input(p);
      unit::SavedForward saved;
      Tuple gradients = gradients_of(forward(p, one, Tuple(held), &saved));
      if (drops) held.clear();
      backward(p, one, std::move(gradients), saved);
      for (auto* parameter : one.parameters()) parameter->grad.reset();
    }
  });
}

TEST(TemplateKey, TellsWhetherTheCallerDroppedASavedResult) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("sigmoid", [](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::sigmoid(x[0])}; });
    for (const bool drops : {false, true}) {
      unit::SavedForward saved;
      Tuple results = forward(p, one, row_input(p), &saved);
      Tuple gradients = gradients_of(results);
      if (drops) results.clear();
      backward(p, one, std::move(gradients), saved);
    }
  });
}

TEST(TemplateKey, TellsWhetherTheCallerHoldsTheGradient) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("bias", [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::mul(x[0], u.w(0))}; });
    one.with(at::empty({kRows, kWidth}, on(p)));
    for (const bool holds : {false, true}) {
      unit::SavedForward saved;
      Tuple gradients = gradients_of(forward(p, one, row_input(p), &saved));
      const Tuple held = holds ? gradients : Tuple();
      backward(p, one, std::move(gradients), saved);
      for (auto* parameter : one.parameters()) parameter->grad.reset();
    }
  });
}

TEST(TemplateKey, TellsWhetherAResultHasNoGradient) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("two", [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      return {at::linear(x[0], u.w(0)), at::linear(x[0], u.w(1))};
    });
    one.with(weight(p)).with(weight(p));
    for (const bool has_second : {true, false}) {
      unit::SavedForward saved;
      Tuple gradients = gradients_of(forward(p, one, row_input(p), &saved));
      if (!has_second) gradients[1].reset();
      backward(p, one, std::move(gradients), saved);
      for (auto* parameter : one.parameters()) parameter->grad.reset();
    }
  });
}

TEST(TemplateKey, TellsWhetherAParameterHasAGradient) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("linear", linear);
    one.with(weight(p));
    for (int i = 0; i < 3; ++i) train_one(p, one, row_input(p));
  });
}

// Gradients of lower precision are widened when the second comes, and the first one's storage ends if nobody holds it.
TEST(TemplateKey, TellsWhetherSomebodyHoldsAParametersGradient) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("linear", linear);
    one.with(weight(p));
    for (const bool holds : {false, true}) {
      one.parameters()[0]->grad = weight(p);
      const at::Tensor held = holds ? one.parameters()[0]->grad : at::Tensor();
      train_one(p, one, row_input(p));
      one.parameters()[0]->grad.reset();
    }
  });
}

// Both forwards give [64] and both backwards get it, but the forwards differ.
TEST(TemplateKey, TellsTheForwardOfABackward) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("sum", [](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::sum(at::silu(x[0]), 1)}; });
    for (const int64_t width : {256, 128}) train_one(p, one, {at::empty({kRows, width}, on(p))});
  });
}

TEST(TemplateKey, TellsCheckpointing) {
  const auto full = recompute::keep_nothing();
  const auto chosen = recompute::keep_chosen({true}), other = recompute::keep_chosen({false});
  expect_same([&](SimPlatform& p) {
    FunctionUnit one(
        "kept", [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::silu(ops::linear(x[0], u.w(0)))}; });
    one.with(weight(p));
    for (const recompute::SavePolicy* policy :
         std::initializer_list<const recompute::SavePolicy*>{nullptr, full.get(), chosen.get(), other.get()}) {
      train_one(p, one, row_input(p), policy);
      one.parameters()[0]->grad.reset();
    }
  });
}

TEST(TemplateKey, TellsEvaluationFromTraining) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("gated", gated);
    one.with(weight(p));
    for (int i = 0; i < 2; ++i) {
      forward(p, one, row_input(p), nullptr);
      train_one(p, one, row_input(p));
    }
  });
}

TEST(TemplateKey, TellsShapesOfParameters) {
  expect_same([](SimPlatform& p) {
    const auto two = [](const FunctionUnit& u, const Tuple& x) -> Tuple {
      return {at::linear(at::silu(at::linear(x[0], u.w(0))), u.w(1))};
    };
    for (const int64_t hidden : {64, 512, 64}) {
      FunctionUnit one("two", two);
      one.with(weight(p, hidden, kWidth)).with(weight(p, kWidth, hidden));
      train_one(p, one, row_input(p));
    }
  });
}

TEST(TemplateKey, TellsElementTypesOfParameters) {
  expect_same([](SimPlatform& p) {
    for (const auto dtype : {at::kBFloat16, at::kFloat}) {
      FunctionUnit one("scaled",
                       [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::mul(x[0], u.w(0))}; });
      one.with(at::empty({kRows, kWidth}, on(p, dtype)));
      train_one(p, one, row_input(p));
    }
  });
}

TEST(TemplateKey, TellsShapesOfBuffers) {
  expect_same([](SimPlatform& p) {
    for (const int64_t rows : {int64_t{1}, kRows}) {
      FunctionUnit one("scaled",
                       [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::mul(x[0], u.buffer(0))}; });
      one.with_buffer(at::empty({rows, kWidth}, on(p)));
      train_one(p, one, row_input(p));
    }
  });
}

TEST(TemplateKey, TellsFrozenParameters) {
  expect_same([](SimPlatform& p) {
    for (const bool trainable : {true, false}) {
      FunctionUnit one("linear", linear);
      one.with(weight(p), trainable);
      train_one(p, one, row_input(p));
    }
  });
}

TEST(TemplateKey, TellsStreams) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("gated", gated);
    one.with(weight(p));
    for (const auto role : {platform::StreamRole::compute, platform::StreamRole::all_gather}) {
      const auto stream = p.use_stream(p.stream(role));
      forward(p, one, row_input(p), nullptr);
    }
  });
}

TEST(TemplateKey, TellsMemoryCategories) {
  expect_same([](SimPlatform& p) {
    FunctionUnit one("gated", gated);
    one.with(weight(p));
    train_one(p, one, row_input(p));
    one.parameters()[0]->grad.reset();
    const auto memory = platform::attribute(p, platform::MemoryCategory::logits_and_loss);
    train_one(p, one, row_input(p));
  });
}

}  // namespace
}  // namespace titan::test
