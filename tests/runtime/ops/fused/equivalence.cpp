#include "tests/runtime/ops/fused/equivalence.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

namespace titan::ops {
namespace {

std::vector<at::Tensor> cast(const std::vector<at::Tensor>& tensors, at::ScalarType dtype) {
  std::vector<at::Tensor> results;
  for (const auto& tensor : tensors) results.push_back(tensor.to(dtype));
  return results;
}

/// The value, then the gradients.
std::vector<at::Tensor> evaluate(const TensorFunction& function, const std::vector<at::Tensor>& inputs) {
  auto results = gradients(function, inputs);
  results.insert(results.begin(), function(inputs));
  return results;
}

}  // namespace

void expect_equivalent(const TensorFunction& fused, const TensorFunction& composite,
                       const std::vector<at::Tensor>& inputs) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-6}}) {
    const auto rounded = cast(inputs, dtype);
    const auto ours = evaluate(fused, rounded), theirs = evaluate(composite, rounded);
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(ours[i].sizes(), theirs[i].sizes());
      EXPECT_EQ(ours[i].scalar_type(), theirs[i].scalar_type());
      EXPECT_LE(norm_error(ours[i], theirs[i]), tolerance) << dtype << " " << i << " " << inputs[0].sizes();
    }
  }
  // 2e-6 for values that the composite happens to hit, or that both keep in float32.
  const auto rounded = cast(inputs, at::kBFloat16);
  const auto exact = evaluate(composite, cast(rounded, at::kDouble));
  const auto ours = evaluate(fused, rounded), theirs = evaluate(composite, rounded);
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].scalar_type(), theirs[i].scalar_type());
    EXPECT_LE(norm_error(ours[i], exact[i]), 1.5 * norm_error(theirs[i], exact[i]) + 2e-6)
        << i << " " << inputs[0].sizes();
  }
}

void expect_same_on_any_threads(const TensorFunction& function, const std::vector<at::Tensor>& inputs) {
  const int threads = at::get_num_threads();
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto rounded = cast(inputs, dtype);
    at::set_num_threads(1);
    const auto one = evaluate(function, rounded);
    at::set_num_threads(3);
    const auto three = evaluate(function, rounded);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], three[i])) << dtype << " " << i;
  }
  at::set_num_threads(threads);
}

}  // namespace titan::ops
