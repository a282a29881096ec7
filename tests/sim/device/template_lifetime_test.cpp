// Results, views and shared storages of units, which templates must keep alive exactly as long as executing does, and
// units that no template can stand for.
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include "tests/sim/device/template_scene.h"

namespace titan::test {
namespace {

/// Forward through all units, then backward, for several microbatches: one after the other or all forwards first.
void train_chain(SimPlatform& platform, const std::vector<FunctionUnit*>& chain, bool interleave) {
  constexpr size_t kNumMicrobatches = 3;
  std::vector<std::vector<unit::SavedForward>> saved(kNumMicrobatches);
  std::vector<Tuple> gradients(kNumMicrobatches);
  const auto go_forward = [&](size_t k) {
    Tuple values = row_input(platform);
    saved[k].resize(chain.size());
    for (size_t i = 0; i < chain.size(); ++i) values = forward(platform, *chain[i], std::move(values), &saved[k][i]);
    gradients[k] = gradients_of(values);
  };
  const auto go_backward = [&](size_t k) {
    Tuple values = std::move(gradients[k]);
    for (size_t i = chain.size(); i-- > 0;) values = backward(platform, *chain[i], std::move(values), saved[k][i]);
  };
  for (size_t k = 0; k < kNumMicrobatches; ++k) {
    go_forward(k);
    if (!interleave) go_backward(k);
  }
  for (size_t k = 0; interleave && k < kNumMicrobatches; ++k) go_backward(k);
}

/// Each makes the unit under test, which follows a linear one and comes before another.
using MakeUnit = std::function<void(SimPlatform&, FunctionUnit&)>;

int64_t expect_same_chain(const FunctionUnit::Forward& middle, const MakeUnit& make) {
  int64_t num_executed = 0;
  for (const bool interleave : {false, true}) {
    num_executed +=
        expect_same([&](SimPlatform& p) {
          const auto linear = [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::linear(x[0], u.w(0))}; };
          FunctionUnit first("linear", linear), last("linear", linear), one("middle", middle);
          make(p, one);
          train_chain(p, {&first.with(weight(p)), &one, &last.with(weight(p))}, interleave);
        }).num_executed;
  }
  return num_executed;
}

void plain(SimPlatform&, FunctionUnit&) {}
void with_weight(SimPlatform& p, FunctionUnit& one) { one.with(weight(p)); }

TEST(TemplateLifetime, OfAResultThatIsTheInput) {
  EXPECT_EQ(expect_same_chain([](const FunctionUnit&, const Tuple& x) -> Tuple { return {x[0]}; }, plain), 0);
}

TEST(TemplateLifetime, OfAResultThatIsAViewOfTheInput) {
  EXPECT_EQ(expect_same_chain(
                [](const FunctionUnit&, const Tuple& x) -> Tuple {
                  return {x[0].unflatten(0, {2, kRows / 2})};
                },
                plain),
            0);
}

TEST(TemplateLifetime, OfAResultThatIsSaved) {
  EXPECT_EQ(expect_same_chain(
                [](const FunctionUnit& u, const Tuple& x) -> Tuple { return {at::sigmoid(at::linear(x[0], u.w(0)))}; },
                with_weight),
            0);
}

TEST(TemplateLifetime, OfTwoViewsOfASavedTensor) {
  const auto halves = [](const FunctionUnit& u, const Tuple& x) -> Tuple {
    const auto y = at::sigmoid(at::linear(x[0], u.w(0)));
    return {y.slice(0, 0, kRows / 2), y.slice(0, kRows / 2)};
  };
  const auto outcome = expect_same([&](SimPlatform& p) {
    FunctionUnit one("halves", halves);
    one.with(weight(p));
    for (int i = 0; i < 3; ++i) train_one(p, one, row_input(p));
  });
  EXPECT_EQ(outcome.num_executed, 0);
}

TEST(TemplateLifetime, OfATensorChangedInPlace) {
  EXPECT_EQ(expect_same_chain(
                [](const FunctionUnit& u, const Tuple& x) -> Tuple {
                  auto y = at::linear(x[0], u.w(0));
                  y.mul_(2.0).add_(x[0]);
                  return {at::silu(y)};
                },
                with_weight),
            0);
}

TEST(TemplateRefusal, OfATensorThatIsNotDeclared) {
  at::Tensor hidden;
  const auto num_executed =
      expect_same_chain([&](const FunctionUnit&, const Tuple& x) -> Tuple { return {at::mul(x[0], hidden)}; },
                        [&](SimPlatform& p, FunctionUnit&) { hidden = at::empty({kWidth}, on(p)); });
  hidden.reset();
  EXPECT_GT(num_executed, 0);
}

TEST(TemplateRefusal, OfATensorKeptFromCallToCall) {
  at::Tensor kept;
  const auto num_executed = expect_same_chain(
      [&](const FunctionUnit&, const Tuple& x) -> Tuple {
        const auto y = at::silu(x[0]);
        kept = y.detach();
        return {at::mul(y, 2)};
      },
      [&](SimPlatform&, FunctionUnit&) { kept.reset(); });
  EXPECT_GT(num_executed, 0);
}

// Every second call does more; recording each call again notices.
TEST(TemplateCheck, FindsAUnitThatCounts) {
  int calls = 0;
  const Scene scene = [&](SimPlatform& p) {
    FunctionUnit one("counts", [&](const FunctionUnit&, const Tuple& x) -> Tuple {
      return {calls++ % 2 ? at::silu(x[0]) : at::mul(at::silu(x[0]), 2)};
    });
    for (int i = 0; i < 3; ++i) forward(p, one, row_input(p), nullptr);
  };
  EXPECT_THROW(play(scene, {.check_templates_every = 1}), c10::Error);
}

}  // namespace
}  // namespace titan::test
