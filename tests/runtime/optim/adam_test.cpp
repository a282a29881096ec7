#include "runtime/optim/adam.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/optim/cpu_kernels.h"

namespace titan::optim {
namespace {

using Step = void (*)(const std::vector<AdamItem>&, const OptimizerOptions&, double);

constexpr Step kSteps[] = {adam_for_loop, adam_foreach, adam_fused};

AdamItem make_item(const at::Tensor& value) {
  return {value, {}, at::zeros_like(value), at::zeros_like(value), at::zeros({}, at::kFloat)};
}

/// Shards of awkward sizes: empty, one element, around vector widths, several threads' work.
std::vector<AdamItem> make_items(at::ScalarType dtype) {
  std::vector<AdamItem> items;
  for (const std::vector<int64_t>& sizes :
       std::vector<std::vector<int64_t>>{{0, 5}, {1}, {15}, {16}, {17}, {3, 31}, {257, 511}, {40000}}) {
    items.push_back(make_item(at::randn(sizes, at::kDouble).to(dtype)));
  }
  return items;
}

// Gradients of the values' signs and at least 0.1 long: where Adam's decay cancelled a gradient, the first step, which
// divides it by its own length, would enlarge its rounding without bound.
void set_grads(std::vector<AdamItem>& items, at::ScalarType dtype) {
  for (AdamItem& item : items) {
    const auto lengths = at::randn(item.value.sizes(), at::kDouble).abs().add(0.1);
    item.grad = at::where(item.value.lt(0.0), lengths.neg(), lengths).to(dtype);
  }
}

std::vector<AdamItem> clone(const std::vector<AdamItem>& items) {
  std::vector<AdamItem> copy;
  for (const AdamItem& i : items) {
    copy.push_back({i.value.clone(), i.grad, i.exp_avg.clone(), i.exp_avg_sq.clone(), i.step.clone()});
  }
  return copy;
}

void expect_close(const at::Tensor& a, const at::Tensor& b, double rtol, double atol) {
  EXPECT_TRUE(at::allclose(a.to(at::kDouble), b.to(at::kDouble), rtol, atol))
      << a.sizes() << " differs by up to " << a.to(at::kDouble).sub(b).abs().max().item().toDouble();
}

void expect_close(const std::vector<AdamItem>& a, const std::vector<AdamItem>& b, double rtol, double atol) {
  for (size_t i = 0; i < a.size(); ++i) {
    expect_close(a[i].value, b[i].value, rtol, atol);
    expect_close(a[i].exp_avg, b[i].exp_avg, rtol, atol);
    expect_close(a[i].exp_avg_sq, b[i].exp_avg_sq, rtol, atol);
    EXPECT_EQ(a[i].step.item().toDouble(), b[i].step.item().toDouble());
  }
}

TEST(Adam, FirstStepMovesByRateAgainstGradientsSign) {
  // t = 1: m / (1-beta1) = g and v / (1-beta2) = g^2, so the step is lr * g / (|g| + eps); AdamW first takes lr * decay
  // of the value. value 2, gradient -0.5, lr 0.1, decay 0.1: 2 * (1 - 0.01) + 0.1 = 2.08.
  for (const Step step : kSteps) {
    AdamItem item = make_item(at::full({1}, 2.0, at::kDouble));
    item.grad = at::full({1}, -0.5, at::kDouble);
    step({item}, {.eps = 0.0, .weight_decay = 0.1}, 0.1);
    EXPECT_NEAR(item.value.item().toDouble(), 2.08, 1e-15);
    EXPECT_NEAR(item.exp_avg.item().toDouble(), -0.05, 1e-16);
    EXPECT_NEAR(item.exp_avg_sq.item().toDouble(), 0.0125, 1e-16);
    EXPECT_EQ(item.step.item().toDouble(), 1.0);
  }
}

TEST(Adam, AddsDecayToGradientWhereAdamWDoesNot) {
  // Gradient -0.5 + 0.5 * 2 = 0.5: the value falls by lr.
  for (const Step step : kSteps) {
    AdamItem item = make_item(at::full({1}, 2.0, at::kDouble));
    item.grad = at::full({1}, -0.5, at::kDouble);
    step({item}, {.name = OptimizerName::adam, .eps = 0.0, .weight_decay = 0.5}, 0.1);
    EXPECT_NEAR(item.value.item().toDouble(), 1.9, 1e-15);
  }
}

class AdamLaw : public ::testing::TestWithParam<std::tuple<OptimizerName, at::ScalarType>> {
 protected:
  OptimizerOptions options_{.name = std::get<0>(GetParam())};
  at::ScalarType dtype_ = std::get<1>(GetParam());
  double tolerance_ = dtype_ == at::kDouble ? 1e-13 : 2e-6;
};

TEST_P(AdamLaw, ImplementationsAgree) {
  std::vector<std::vector<AdamItem>> runs(3, make_items(dtype_));
  runs[1] = clone(runs[0]), runs[2] = clone(runs[0]);
  for (int step = 0; step < 5; ++step) {
    set_grads(runs[0], dtype_);
    for (int run = 0; run < 3; ++run) {
      for (size_t i = 0; i < runs[0].size(); ++i) runs[run][i].grad = runs[0][i].grad.clone();
      kSteps[run](runs[run], options_, 1e-2);
    }
  }
  expect_close(runs[0], runs[1], tolerance_, tolerance_);
  expect_close(runs[0], runs[2], tolerance_, tolerance_);
}

TEST_P(AdamLaw, FusedEqualsTheLibrarysFused) {
  std::vector<AdamItem> ours = make_items(dtype_), theirs = clone(ours);
  for (int step = 0; step < 5; ++step) {
    set_grads(ours, dtype_);
    adam_fused(ours, options_, 1e-2);
    for (size_t i = 0; i < ours.size(); ++i) {
      const AdamItem& t = theirs[i];
      t.step.add_(1);
      const auto update =
          options_.name == OptimizerName::adam ? &at::_ops::_fused_adam_::call : &at::_ops::_fused_adamw_::call;
      update({t.value}, {ours[i].grad}, {t.exp_avg}, {t.exp_avg_sq}, {}, {t.step}, 1e-2, options_.beta1, options_.beta2,
             options_.weight_decay, options_.eps, false, false, {}, {});
    }
  }
  expect_close(ours, theirs, tolerance_, tolerance_);
}

INSTANTIATE_TEST_SUITE_P(NamesAndDtypes, AdamLaw,
                         ::testing::Combine(::testing::Values(OptimizerName::adam_w, OptimizerName::adam),
                                            ::testing::Values(at::kFloat, at::kDouble)));

TEST(Adam, EqualsPyTorch) {
  std::ifstream file(TITAN_SOURCE_DIR "/tests/golden/optim/adam.json");
  const auto golden = nlohmann::json::parse(file);
  const auto as_tensor = [](const nlohmann::json& numbers, at::ScalarType dtype) {
    return at::tensor(numbers.get<std::vector<double>>(), at::kDouble).to(dtype);
  };
  const std::map<std::string, at::ScalarType> dtypes{
      {"float32", at::kFloat}, {"float64", at::kDouble}, {"bfloat16", at::kBFloat16}};
  // A few roundings in five steps; bfloat16 may round one operation the other way (2^-8) where a vector unit fuses it.
  const std::map<at::ScalarType, double> tolerances{
      {at::kFloat, 1e-6}, {at::kDouble, 1e-14}, {at::kBFloat16, 1.0 / 256}};
  ASSERT_EQ(golden["cases"].size(), 32U);
  for (const auto& test : golden["cases"]) {
    SCOPED_TRACE(test["name"].dump() + " " + test["dtype"].dump() + " " + test["implementation"].dump());
    const OptimizerOptions options{.name = parse_optimizer_name(test["name"].get<std::string>()),
                                   .beta1 = test["beta1"],
                                   .beta2 = test["beta2"],
                                   .eps = test["eps"],
                                   .weight_decay = test["weight_decay"],
                                   .implementation = parse_implementation(test["implementation"].get<std::string>())};
    const at::ScalarType dtype = dtypes.at(test["dtype"]);
    AdamItem item = make_item(as_tensor(golden["value"], dtype));
    for (size_t step = 0; step < golden["lrs"].size(); ++step) {
      item.grad = as_tensor(golden["grads"][step], dtype);
      kSteps[static_cast<int>(options.implementation)]({item}, options, golden["lrs"][step]);
    }
    const double tolerance = tolerances.at(dtype);
    expect_close(item.value, as_tensor(test["result"]["value"], at::kDouble), tolerance, tolerance * 1e-2);
    expect_close(item.exp_avg, as_tensor(test["result"]["exp_avg"], at::kDouble), tolerance, tolerance * 1e-2);
    expect_close(item.exp_avg_sq, as_tensor(test["result"]["exp_avg_sq"], at::kDouble), tolerance, tolerance * 1e-2);
  }
}

TEST(Adam, FusedRoundsLowPrecisionOncePerStep) {
  // The float32 step from the same bfloat16 state, rounded: what is stored may differ by the rounding only.
  for (const at::ScalarType grad_dtype : {at::kBFloat16, at::kFloat}) {
    std::vector<AdamItem> low = make_items(at::kBFloat16);
    for (int step = 0; step < 3; ++step) {
      set_grads(low, grad_dtype);
      std::vector<AdamItem> high;
      for (const AdamItem& i : low) {
        high.push_back({i.value.to(at::kFloat), i.grad.to(at::kFloat), i.exp_avg.to(at::kFloat),
                        i.exp_avg_sq.to(at::kFloat), i.step.clone()});
      }
      adam_fused(low, {}, 1e-2);
      adam_fused(high, {}, 1e-2);
      for (size_t i = 0; i < low.size(); ++i) {
        EXPECT_TRUE(low[i].value.equal(high[i].value.to(at::kBFloat16)));
        EXPECT_TRUE(low[i].exp_avg.equal(high[i].exp_avg.to(at::kBFloat16)));
        EXPECT_TRUE(low[i].exp_avg_sq.equal(high[i].exp_avg_sq.to(at::kBFloat16)));
      }
    }
  }
}

TEST(Adam, ForLoopAndForeachAreTheSameBitsInLowPrecision) {
  std::vector<AdamItem> one = make_items(at::kBFloat16), two = clone(one);
  for (int step = 0; step < 3; ++step) {
    set_grads(one, at::kBFloat16);
    for (size_t i = 0; i < one.size(); ++i) two[i].grad = one[i].grad;
    adam_for_loop(one, {}, 1e-2);
    adam_foreach(two, {}, 1e-2);
  }
  expect_close(one, two, 0.0, 0.0);
}

TEST(Adam, FusedKeepsNanInLowPrecision) {
  AdamItem item = make_item(at::ones({40}, at::kBFloat16));
  item.grad = at::full({40}, std::numeric_limits<double>::quiet_NaN(), at::kBFloat16);
  adam_fused({item}, {}, 1e-2);
  EXPECT_TRUE(item.value.isnan().all().item().toBool());
}

TEST(Adam, TakesGradientsOfAnotherDtype) {
  for (const Step step : kSteps) {
    for (const auto& [value_dtype, grad_dtype] : {std::pair{at::kBFloat16, at::kFloat},
                                                  {at::kFloat, at::kDouble},
                                                  {at::kFloat, at::kBFloat16},
                                                  {at::kDouble, at::kFloat}}) {
      const at::Tensor value = at::randn({33}).to(value_dtype);
      const at::Tensor grad = at::randn({33}).to(at::kBFloat16);  // exact in every dtype
      AdamItem same = make_item(value.clone()), other = make_item(value.clone());
      same.grad = grad.to(value_dtype), other.grad = grad.to(grad_dtype);
      step({same}, {}, 1e-2);
      step({other}, {}, 1e-2);
      EXPECT_TRUE(same.value.equal(other.value));
      EXPECT_EQ(other.exp_avg.scalar_type(), value_dtype);
    }
  }
}

TEST(Adam, FusedReadsGradientsThatAreNotContiguous) {
  AdamItem plain = make_item(at::ones({5, 7}, at::kFloat)), strided = make_item(at::ones({5, 7}, at::kFloat));
  strided.grad = at::randn({7, 5}).t();
  plain.grad = strided.grad.contiguous();
  adam_fused({plain}, {}, 1e-2);
  adam_fused({strided}, {}, 1e-2);
  EXPECT_TRUE(plain.value.equal(strided.value));
}

TEST(Adam, RefusesDtypesWithoutFusedKernel) {
  AdamItem item = make_item(at::ones({4}, at::kHalf));
  item.grad = at::ones({4}, at::kHalf);
  try {
    adam_fused({item}, {}, 1e-2);
    FAIL();
  } catch (const c10::Error& error) {
    EXPECT_NE(std::string(error.what()).find("adam_fused: values must be float32, float64 or bfloat16: Half"),
              std::string::npos);
  }
}

TEST(CpuKernels, GiveTheSameBitsOnEveryInstructionSetAndFromEveryPosition) {
  for (const auto& [value_dtype, grad_dtype] : {std::pair{at::kFloat, at::kFloat},
                                                {at::kDouble, at::kDouble},
                                                {at::kDouble, at::kFloat},
                                                {at::kBFloat16, at::kBFloat16},
                                                {at::kBFloat16, at::kFloat}}) {
    AdamItem start = make_item(at::randn({333}).to(value_dtype));
    start.exp_avg.copy_(at::randn({333}));
    start.exp_avg_sq.copy_(at::randn({333}).square());
    start.grad = at::randn({333}).to(grad_dtype);
    const AdamScalars scalars = adam_scalars({}, 1e-3, 7);
    std::vector<AdamItem> results;
    for (const CpuIsa isa : ops::supported_cpu_isas()) {
      for (const int64_t cut : {0, 1, 17, 200}) {
        AdamItem item = clone({start})[0];
        const AdamPointers pointers{item.value.mutable_data_ptr(), item.grad.const_data_ptr(),
                                    item.exp_avg.mutable_data_ptr(), item.exp_avg_sq.mutable_data_ptr()};
        const AdamKernel kernel = find_adam_kernel(value_dtype, grad_dtype, isa);
        kernel(pointers, 0, cut, scalars);
        kernel(pointers, cut, 333, scalars);
        results.push_back(item);
      }
    }
    for (const AdamItem& result : results) {
      EXPECT_TRUE(result.value.equal(results[0].value));
      EXPECT_TRUE(result.exp_avg.equal(results[0].exp_avg));
      EXPECT_TRUE(result.exp_avg_sq.equal(results[0].exp_avg_sq));
    }
  }
}

TEST(CpuKernels, SumSquaresAlikeOnEveryInstructionSet) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16}) {
    for (const int64_t count : {0, 1, 15, 16, 17, 1000}) {
      const at::Tensor x = at::randn({count}).to(dtype);
      const double expected = x.to(at::kDouble).square().sum().item().toDouble();
      const double first = find_sum_of_squares_kernel(dtype, CpuIsa::baseline)(x.const_data_ptr(), count);
      EXPECT_NEAR(first, expected, 1e-13 * expected);
      for (const CpuIsa isa : ops::supported_cpu_isas()) {
        EXPECT_EQ(find_sum_of_squares_kernel(dtype, isa)(x.const_data_ptr(), count), first);
      }
    }
  }
}

}  // namespace
}  // namespace titan::optim
