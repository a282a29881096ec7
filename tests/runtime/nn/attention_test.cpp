#include "runtime/nn/attention.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "runtime/nn/rotary.h"

namespace titan::nn {
namespace {

constexpr AttentionOptions kGrouped = {.dim = 16, .num_heads = 4, .num_kv_heads = 2, .head_dim = 4};

/// The layer's output, and the gradients of its input and parameters under the same loss.
std::vector<at::Tensor> results(const AttentionOptions& options, const at::Tensor& x,
                                const std::vector<at::Tensor>& weights) {
  Attention layer(nullptr, "attention", options);
  const auto parameters = layer.parameters();
  std::vector<at::Tensor> leaves = {x.detach().requires_grad_()};
  for (size_t i = 0; i < parameters.size(); ++i) {
    leaves.push_back(weights[i].detach().requires_grad_());
    parameters[i]->value = leaves.back();
  }
  const auto y = layer.forward(leaves[0], make_rotary_table({.head_dim = 4}, x.size(1), at::kCPU));
  y.pow(2).sum().backward();
  std::vector<at::Tensor> found = {y.detach()};
  for (const auto& leaf : leaves) found.push_back(leaf.grad());
  return found;
}

TEST(Attention, ComputesTheSameWithRepeatedKeyHeads) {
  const auto x = at::randn({2, 8, 16}, at::kDouble);
  std::vector<at::Tensor> weights;
  Attention shapes(nullptr, "attention", kGrouped);
  for (const Parameter* parameter : shapes.parameters()) {
    weights.push_back(at::randn(parameter->spec.box.size, at::kDouble));
  }
  auto repeating = kGrouped;
  repeating.repeats_key_heads = true;
  const auto expected = results(kGrouped, x, weights), found = results(repeating, x, weights);
  ASSERT_EQ(found.size(), 6u);  // the output, the gradients of x, wq, wk, wv and wo
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(at::allclose(found[i], expected[i])) << i;
}

}  // namespace
}  // namespace titan::nn
