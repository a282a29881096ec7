// What each checkpointing mode computes again and keeps, on three linear layers (reference §5, toy numbers).
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <string_view>

#include "runtime/nn/linear.h"
#include "runtime/platform/memory_counter.h"
#include "runtime/train/checkpoint_policy.h"
#include "runtime/unit/gradient_edges.h"
#include "runtime/unit/saved_forward.h"
#include "runtime/unit/unit_call.h"

namespace titan {
namespace {

constexpr int64_t kWidth = 512;
constexpr double kUnitFlops = 2.0 * kWidth * kWidth * kWidth;
constexpr int64_t kMiB = 1 << 20;

/// x [512, 512] through 512 -> 512, 512 -> 512 and 512 -> 1024, summed.
class Projections final : public unit::Unit {
 public:
  explicit Projections(at::ScalarType dtype)
      : Unit(""),
        gate_(this, "moe.router.gate", kWidth, kWidth, nn::InitRule::constant(0.0)),
        query_(this, "attention.wq", kWidth, kWidth, nn::InitRule::constant(0.0)),
        output_(this, "output", kWidth, 2 * kWidth, nn::InitRule::constant(0.0)) {
    for (nn::Parameter* parameter : parameters()) {
      unit::bind_value(*parameter, at::randn(parameter->spec.box.size, dtype));
    }
  }
  unit::Tuple forward(const unit::Tuple& inputs) override {
    return {output_.forward(query_.forward(gate_.forward(inputs.at(0)))).sum()};
  }
  std::string type() const override { return "projections"; }

 private:
  nn::Linear gate_, query_, output_;
};

// The callback is a plain function of the thread that computes.
thread_local double counted_flops = 0.0;

/// Adds the operations of a product [n, k] x [k, m]: aten::mm takes its right factor so, oneDNN's as [m, k].
std::unique_ptr<at::ObserverContext> count_product(const at::RecordFunction& call) {
  const std::string_view name = call.name();
  const bool is_mm = name == "aten::mm";
  if (!is_mm && name != "mkldnn::_linear_pointwise") return nullptr;
  const auto left = call.inputs()[0].toTensor().sizes(), right = call.inputs()[1].toTensor().sizes();
  counted_flops += 2.0 * static_cast<double>(left[0] * left[1] * right[is_mm ? 1 : 0]);
  return nullptr;
}

/// Counts the operations of all matrix products of this thread while it lives.
class CountProducts {
 public:
  CountProducts()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(&count_product).needsInputs(true).scopes({at::RecordScope::FUNCTION}))) {
    counted_flops = 0.0;
  }
  ~CountProducts() { at::removeCallback(handle_); }
  CountProducts(const CountProducts&) = delete;
  CountProducts& operator=(const CountProducts&) = delete;
  double flops() const { return counted_flops; }

 private:
  at::CallbackHandle handle_;
};

struct Mode {
  std::string mode;
  std::string option;
  std::vector<std::string> run_again;
  double backward_products = 0.0;  // of 512 x 512 x 512
  int64_t kept_mib = 0;            // in float32
};

// Forward takes 1 + 1 + 2 = 4 products, backward two of the same size for each layer (gradient of input and weight): 8.
// Between them lie the outputs of gate and wq, 1 MiB each: the inputs of wq and output. The output's own 2 MiB are
// needed by nothing, which by-operator checkpointing does not know.
const Mode kModes[] = {
    // Everything backward needs: gate's and wq's outputs.
    {"none", "", {}, 8, 2},
    // Matmuls 1 (gate) and 3 (output) are kept, 1 + 2 MiB; 2 (wq) runs again.
    {"selective", "op", {}, 9, 3},
    // Gate's shape is wq's too: both run again and are not counted, so output is matmul 1 and kept.
    {"selective", "op", {"moe.router.gate"}, 10, 2},
    // Gate is kept, wq, matmul 2, and output, 2 products, run again.
    {"selective", "op", {"output"}, 11, 1},
    // The forward of 4 runs again.
    {"full", "", {}, 12, 0},
};

std::shared_ptr<const recompute::SavePolicy> policy_of(const Mode& mode, unit::Unit& unit) {
  config::ActivationCheckpointSection settings;
  settings.mode = mode.mode;
  settings.selective_ac_option = mode.option;
  settings.per_op_sac_force_recompute_mm_shapes_by_fqns = mode.run_again;
  return train::CheckpointPolicy(settings, {&unit}).of_block(0);
}

struct Measured {
  double backward_products = 0.0;
  int64_t kept_bytes = 0;
  std::vector<at::Tensor> gradients;  // of the input and the parameters
};

Measured measure(Projections& unit, const recompute::SavePolicy* policy, const at::Tensor& x) {
  for (nn::Parameter* parameter : unit.parameters()) parameter->grad = at::Tensor();
  const auto counter = platform::make_memory_counter();
  const platform::ChargeMemory charge(counter);
  unit::SavedForward saved;
  unit::execute(
      {.unit = &unit, .phase = unit::Phase::forward, .checkpoint = policy, .arguments = {x}, .saved = &saved});
  Measured measured{.kept_bytes = counter->allocated_bytes()};
  const CountProducts products;
  measured.gradients = unit::execute({.unit = &unit,
                                      .phase = unit::Phase::backward,
                                      .checkpoint = policy,
                                      .arguments = {at::ones({}, x.scalar_type())},
                                      .saved = &saved});
  measured.backward_products = products.flops() / kUnitFlops;
  for (const nn::Parameter* parameter : unit.parameters()) measured.gradients.push_back(parameter->grad);
  return measured;
}

class CheckpointNumbers : public testing::TestWithParam<at::ScalarType> {
 protected:
  void SetUp() override { platform::install_counting_allocator(); }
};

TEST_P(CheckpointNumbers, OfThreeLinearLayersAreTheReferences) {
  Projections unit(GetParam());
  const at::Tensor x = at::randn({kWidth, kWidth}, GetParam());
  const int64_t scale = GetParam() == at::kDouble ? 2 : 1;
  for (const Mode& mode : kModes) {
    SCOPED_TRACE(mode.mode + " " + mode.option + (mode.run_again.empty() ? "" : " " + mode.run_again.front()));
    const auto measured = measure(unit, policy_of(mode, unit).get(), x);
    EXPECT_EQ(measured.backward_products, mode.backward_products);
    EXPECT_EQ(measured.kept_bytes, scale * mode.kept_mib * kMiB);
  }
}

TEST_P(CheckpointNumbers, GradientsAreThoseWithoutCheckpointingToTheBit) {
  Projections unit(GetParam());
  const at::Tensor x = at::randn({kWidth, kWidth}, GetParam());
  const auto expected = measure(unit, nullptr, x).gradients;
  ASSERT_EQ(expected.size(), 4u);
  for (const Mode& mode : kModes) {
    const auto found = measure(unit, policy_of(mode, unit).get(), x).gradients;
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << mode.mode << i;
  }
}

INSTANTIATE_TEST_SUITE_P(InBothFormats, CheckpointNumbers, testing::Values(at::kFloat, at::kDouble),
                         [](const auto& one) { return one.param == at::kFloat ? "float32" : "float64"; });

}  // namespace
}  // namespace titan
