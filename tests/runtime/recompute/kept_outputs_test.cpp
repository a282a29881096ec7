#include "runtime/recompute/kept_outputs.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>

namespace titan::recompute {
namespace {

constexpr OpCall kMatmul{.kind = OpKind::matmul, .operand_shape = {4, 8}, .flops = 64.0};
constexpr OpCall kAttention{.kind = OpKind::attention, .flops = 32.0};

/// A unit of `calls` whose outputs are 0, 1, 2, ...; lists the calls that really run.
struct ToyUnit {
  std::vector<OpCall> calls;
  std::vector<int> computed;

  std::vector<double> run() {
    std::vector<double> outputs;
    for (size_t i = 0; i < calls.size(); ++i) {
      const auto compute = [&] {
        computed.push_back(static_cast<int>(i));
        return at::full({}, static_cast<double>(i), at::kDouble);
      };
      outputs.push_back(run_one(calls[i], compute).item<double>());
    }
    return outputs;
  }

  KeptOutputs run_and_keep(const SavePolicy& policy) {
    KeptOutputs kept;
    Keeper keeper(policy, kept);
    const InterceptGuard guard(keeper);
    run();
    computed.clear();
    return kept;
  }
};

std::string error_of_second_forward(const std::vector<OpCall>& first, const std::vector<OpCall>& second) {
  Replayer replayer(ToyUnit{first, {}}.run_and_keep(*keep_chosen({true, true, true})), false);
  const InterceptGuard guard(replayer);
  try {
    ToyUnit{second, {}}.run();
    replayer.finish();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST(KeptOutputs, TheSecondForwardRunsExactlyTheCallsThatWereNotKept) {
  ToyUnit unit{{kMatmul, kAttention, kMatmul, kMatmul}, {}};
  Replayer replayer(unit.run_and_keep(*keep_chosen({false, true, true, false})), false);
  const InterceptGuard guard(replayer);
  EXPECT_EQ(unit.run(), (std::vector<double>{0, 1, 2, 3})) << "kept and computed outputs come in order";
  EXPECT_EQ(unit.computed, (std::vector<int>{0, 3}));
  replayer.finish();
}

TEST(KeptOutputs, KeepingNothingRunsEverythingAgain) {
  ToyUnit unit{{kMatmul, kAttention}, {}};
  Replayer replayer(unit.run_and_keep(*keep_nothing()), false);
  const InterceptGuard guard(replayer);
  unit.run();
  EXPECT_EQ(unit.computed, (std::vector<int>{0, 1}));
}

// A projection keeps its input, so that what made it must run again, and its own result is the last that nobody reads;
// a reduce-scatter after it keeps nothing. Attention's backward reads its own result.
TEST(KeptOutputs, ResultsThatNobodyReadAreNotComputedAgain) {
  const OpCall scatter{.kind = OpKind::reduce_scatter, .bytes = 8.0};
  const auto computed_again = [](const std::vector<OpCall>& calls) {
    ToyUnit unit{calls, {}};
    Replayer replayer(unit.run_and_keep(*keep_nothing()), true);
    const InterceptGuard guard(replayer);
    unit.run();
    replayer.finish();
    return unit.computed;
  };
  EXPECT_EQ(computed_again({kMatmul, kAttention, kMatmul}), (std::vector<int>{0, 1}));
  EXPECT_EQ(computed_again({kMatmul, kMatmul, scatter}), (std::vector<int>{0}));
  EXPECT_EQ(computed_again({kMatmul, scatter, kAttention}), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(computed_again({scatter, scatter}), (std::vector<int>{}));
}

// Of what was kept nothing needs to be made up.
TEST(KeptOutputs, AResultThatNobodyReadsIsNaNOfItsShapeUnlessKept) {
  for (const bool kept : {false, true}) {
    ToyUnit unit{{kMatmul}, {}};
    Replayer replayer(unit.run_and_keep(*keep_chosen({kept})), true);
    const InterceptGuard guard(replayer);
    const double value = unit.run().at(0);
    EXPECT_EQ(std::isnan(value), !kept);
  }
  const OutputShape shape{{3, 5}, at::TensorOptions(at::kBFloat16)};
  Replayer replayer({{.call = kMatmul, .shapes = {shape}}}, true);
  const auto hollow = replayer.run(kMatmul, [] { return Tensors(); }).at(0);
  EXPECT_EQ(hollow.sizes(), at::IntArrayRef({3, 5}));
  EXPECT_EQ(hollow.scalar_type(), at::kBFloat16);
  EXPECT_EQ(hollow.storage().nbytes(), 2u);
}

TEST(KeptOutputs, ASecondForwardWithOtherCallsIsAnError) {
  const std::string rule = "recompute: a unit must call the same operators in both forwards";
  OpCall other_shape = kMatmul;
  other_shape.operand_shape = {8, 4};
  EXPECT_EQ(error_of_second_forward({kMatmul, kAttention}, {kMatmul, kAttention}), "");
  EXPECT_TRUE(error_of_second_forward({kMatmul, kAttention}, {kAttention, kMatmul}).starts_with(rule));
  EXPECT_TRUE(error_of_second_forward({kMatmul}, {other_shape}).starts_with(rule));
  EXPECT_TRUE(error_of_second_forward({kMatmul}, {kMatmul, kMatmul}).starts_with(rule)) << "more calls";
  EXPECT_TRUE(error_of_second_forward({kMatmul, kMatmul}, {kMatmul}).starts_with(rule)) << "fewer calls";
}

/// Marks what it lets through.
class Marker final : public Interceptor {
 public:
  explicit Marker(std::string& log, char mark) : log_(log), mark_(mark) {}
  Tensors run(const OpCall&, const Compute& compute) override {
    log_ += mark_;
    return compute();
  }

 private:
  std::string& log_;
  char mark_;
};

TEST(InterceptGuard, TheInnermostActsAloneAndTheOuterOneReturns) {
  std::string log;
  Marker outer(log, 'o'), inner(log, 'i');
  ToyUnit one{{kMatmul}, {}};
  one.run();
  {
    const InterceptGuard outer_guard(outer);
    one.run();
    {
      const InterceptGuard inner_guard(inner);
      one.run();
    }
    one.run();
  }
  one.run();
  EXPECT_EQ(log, "oio");
  EXPECT_EQ(one.computed.size(), 5u);
}

TEST(InterceptGuard, EndsWhenAUnitThrows) {
  std::string log;
  Marker marker(log, 'm');
  try {
    const InterceptGuard guard(marker);
    throw std::runtime_error("in the unit");
  } catch (const std::runtime_error&) {
  }
  ToyUnit{{kMatmul}, {}}.run();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace titan::recompute
