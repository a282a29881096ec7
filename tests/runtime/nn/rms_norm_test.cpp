// What hooks on a norm see, with plain operators and with fused ones.
#include "runtime/nn/rms_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace titan::nn {
namespace {

constexpr int64_t kWidth = 6;

/// A hook that keeps what it sees and gives twice that.
TensorHook keep_and_double(std::vector<at::Tensor>& seen) {
  return {[&seen](const at::Tensor& x) {
            seen.push_back(x.clone());
            return x.mul(2.0);
          },
          std::bit_cast<uint64_t>(&seen)};
}

class RMSNormHooks : public testing::TestWithParam<bool> {
 protected:
  RMSNormHooks() {
    norm_.parameters().front()->value = at::randn({kWidth}, at::kDouble);
    if (GetParam()) norm_.use_fused_operators();
  }

  at::NoGradGuard no_grad_;
  RMSNorm norm_{nullptr, "norm", kWidth, 1e-5};
  at::Tensor x_ = at::randn({3, kWidth}, at::kDouble), y_ = at::randn({3, kWidth}, at::kDouble);
};

TEST_P(RMSNormHooks, TheInputHookSeesTheSumOnceAndTheSumReturnedIsTheOneBeforeIt) {
  std::vector<at::Tensor> seen;
  norm_.set_input_hook(keep_and_double(seen));
  const auto result = norm_.forward_sum(x_, y_);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(at::equal(seen[0], x_ + y_));
  EXPECT_TRUE(at::equal(result.sum, x_ + y_));
  norm_.set_input_hook({});
  EXPECT_TRUE(at::allclose(result.normed, norm_.forward((x_ + y_) * 2.0)));
}

TEST_P(RMSNormHooks, TheOutputHookSeesWhatIsNormed) {
  const auto plain = norm_.forward_sum(x_, y_);
  std::vector<at::Tensor> seen;
  norm_.set_output_hook(keep_and_double(seen));
  const auto result = norm_.forward_sum(x_, y_);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(at::equal(seen[0], plain.normed));
  EXPECT_TRUE(at::equal(result.normed, plain.normed * 2.0));
  EXPECT_TRUE(at::equal(result.sum, x_ + y_));
}

// forward_sum(x, y) is the sum, and forward of it, whatever the hooks.
TEST_P(RMSNormHooks, ForwardSumIsForwardOfTheSum) {
  for (const bool has_input : {false, true}) {
    for (const bool has_output : {false, true}) {
      std::vector<at::Tensor> seen;
      norm_.set_input_hook(has_input ? keep_and_double(seen) : TensorHook());
      norm_.set_output_hook(has_output ? keep_and_double(seen) : TensorHook());
      EXPECT_TRUE(at::allclose(norm_.forward_sum(x_, y_).normed, norm_.forward(x_ + y_)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, RMSNormHooks, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Fused" : "Plain"; });

}  // namespace
}  // namespace titan::nn
