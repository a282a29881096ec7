#include "runtime/nn/feed_forward.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "runtime/recompute/interceptor.h"

namespace titan::nn {
namespace {

/// Keeps the first output of every operator call.
class Outputs final : public recompute::Interceptor {
 public:
  recompute::Tensors run(const recompute::OpCall&, const recompute::Compute& compute) override {
    auto outputs = compute();
    seen.push_back(outputs.at(0));
    return outputs;
  }
  std::vector<at::Tensor> seen;
};

// Checkpointing by operator keeps every second product (reference §5: w1 is kept, w3 is not), so their order is part of
// what is computed.
TEST(FeedForward, MultipliesByW1ThenW3ThenW2) {
  const at::NoGradGuard no_grad;
  FeedForward layer(nullptr, "feed_forward", {.dim = 3, .hidden = 5});
  std::map<std::string, at::Tensor> weights;
  for (Parameter* parameter : layer.parameters()) {
    parameter->value = weights[parameter->name] = at::randn(parameter->spec.box.size, at::kDouble);
  }
  const auto x = at::randn({4, 3}, at::kDouble);
  const auto of = [&](const std::string& name) { return at::matmul(x, weights.at("feed_forward." + name).t()); };
  for (const bool is_fused : {false, true}) {
    if (is_fused) layer.use_fused_operators();
    Outputs outputs;
    const recompute::InterceptGuard guard(outputs);
    const auto y = layer.forward(x);
    ASSERT_EQ(outputs.seen.size(), 3u);
    EXPECT_TRUE(at::allclose(outputs.seen[0], of("w1.weight")));
    EXPECT_TRUE(at::allclose(outputs.seen[1], of("w3.weight")));
    EXPECT_TRUE(at::equal(outputs.seen[2], y));
  }
}

}  // namespace
}  // namespace titan::nn
