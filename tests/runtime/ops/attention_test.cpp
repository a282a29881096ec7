#include "runtime/ops/attention.h"

#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/runtime/ops/fused/equivalence.h"
#include "tests/runtime/ops/gradients.h"

namespace titan::ops {
namespace {

constexpr double kScale = 0.3;

struct Written {
  at::Tensor out, logsumexp;
};

/// Attention with its scores written out, in float64.
Written written_out(const std::vector<at::Tensor>& in, bool causal) {
  const int64_t groups = in[0].size(1) / in[1].size(1);
  const auto q = in[0].to(at::kDouble), k = in[1].to(at::kDouble).repeat_interleave(groups, 1),
             v = in[2].to(at::kDouble).repeat_interleave(groups, 1);
  auto scores = at::matmul(q, k.transpose(-1, -2)).mul(kScale);
  if (causal) {
    const auto future = at::ones({q.size(2), k.size(2)}, at::kBool).triu(1);
    scores = scores.masked_fill(future, -std::numeric_limits<double>::infinity());
  }
  return {at::matmul(scores.softmax(-1), v), scores.logsumexp({-1})};
}

std::vector<at::Tensor> random_inputs(int64_t heads, int64_t kv_heads, int64_t queries, int64_t keys,
                                      at::ScalarType dtype, int64_t head_size = 8) {
  return {at::randn({2, heads, queries, head_size}, at::kDouble).to(dtype),
          at::randn({2, kv_heads, keys, head_size}, at::kDouble).to(dtype),
          at::randn({2, kv_heads, keys, head_size}, at::kDouble).to(dtype)};
}

void expect_equal_to_written_out(const std::vector<at::Tensor>& in, bool causal, double tolerance) {
  const auto ours = attention(in[0], in[1], in[2], causal, kScale);
  const auto expected = written_out(in, causal);
  EXPECT_EQ(ours.out_BHSD.scalar_type(), in[0].scalar_type());
  EXPECT_LT(relative_error(ours.out_BHSD, expected.out), tolerance);
  EXPECT_LT(relative_error(ours.logsumexp_BHS, expected.logsumexp), tolerance);
  const auto gradients_ours =
      gradients([&](const auto& x) { return attention(x[0], x[1], x[2], causal, kScale).out_BHSD; }, in);
  const auto gradients_expected = gradients([&](const auto& x) { return written_out(x, causal).out; }, in);
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_error(gradients_ours[i], gradients_expected[i]), tolerance) << i;
}

TEST(Attention, EqualsWrittenOutAttentionWithGradients) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 5e-6}, {at::kDouble, 1e-13}, {at::kBFloat16, 4e-2}}) {
    for (const int64_t kv_heads : {1, 2, 4}) {
      expect_equal_to_written_out(random_inputs(4, kv_heads, 37, 37, dtype), /*causal=*/true, tolerance);
      expect_equal_to_written_out(random_inputs(4, kv_heads, 5, 37, dtype), /*causal=*/false, tolerance);
    }
  }
}

// Short heads have kernels of their own, which take queries in blocks of 32, keys and head sizes in tiles of 16; 1100
// tokens of 64 are beyond them.
TEST(Attention, EqualsWrittenOutAttentionAroundTheSizesOfItsKernels) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 5e-6}, {at::kBFloat16, 4e-2}}) {
    for (const int64_t tokens : {2, 15, 16, 17, 32, 33, 130}) {
      for (const int64_t head_size : {1, 16, 24, 128}) {
        expect_equal_to_written_out(random_inputs(2, 1, tokens, tokens, dtype, head_size), /*causal=*/true, tolerance);
      }
    }
    expect_equal_to_written_out(random_inputs(4, 2, 70, 3, dtype, 16), /*causal=*/false, tolerance);
    expect_equal_to_written_out(random_inputs(1, 1, 1100, 1100, dtype, 64), /*causal=*/true, tolerance);
  }
}

TEST(Attention, OfOneTokenIsItsValue) {
  const auto in = random_inputs(2, 1, 1, 1, at::kFloat, 16);
  const auto function = [](const auto& x) { return attention(x[0], x[1], x[2], true, kScale).out_BHSD; };
  EXPECT_EQ(norm_error(function(in), in[2].expand({2, 2, 1, 16})), 0.0);
  const auto grads = gradients(function, in);
  EXPECT_LT(grads[0].abs().max().item<double>(), 1e-6);
  EXPECT_LT(grads[1].abs().max().item<double>(), 1e-6);
}

TEST(Attention, IsTheSameOnAnyNumberOfThreads) {
  expect_same_on_any_threads([](const auto& x) { return attention(x[0], x[1], x[2], true, kScale).out_BHSD; },
                             random_inputs(4, 2, 70, 70, at::kFloat, 16));
}

TEST(Attention, HoldsForScoresBeyondTheRangeOfTheExponential) {
  auto in = random_inputs(2, 2, 40, 40, at::kFloat, 16);
  in[0].mul_(100.0);
  expect_equal_to_written_out(in, /*causal=*/true, 1e-4);  // scores up to about 400 in float32: 400 · 2^-24 = 2.4e-5
}

TEST(Attention, TakesHeadsInsideTokens) {
  const auto tokens = [](int64_t heads) { return at::randn({2, 19, heads, 8}, at::kDouble).transpose(1, 2); };
  expect_equal_to_written_out({tokens(4), tokens(2), tokens(2)}, /*causal=*/true, 1e-13);
  const auto innermost = at::randn({2, 4, 8, 19}, at::kDouble).transpose(2, 3);
  expect_equal_to_written_out({innermost, innermost, innermost}, /*causal=*/true, 1e-13);
  const auto narrow = innermost.to(at::kFloat);
  expect_equal_to_written_out({narrow, narrow, narrow}, /*causal=*/true, 5e-6);
}

TEST(Attention, KeepsHeadsInsideTokens) {
  const auto x = at::randn({2, 19, 4, 8}).transpose(1, 2);
  EXPECT_TRUE(attention(x, x, x, true, kScale).out_BHSD.transpose(1, 2).is_contiguous());
}

TEST(Attention, IsTheSameOverTwoHalvesOfTheKeysMergedByLogsumexp) {
  const auto in = random_inputs(2, 2, 11, 24, at::kDouble);
  const auto half = [&](int64_t begin) {
    return attention(in[0], in[1].narrow(2, begin, 12), in[2].narrow(2, begin, 12), false, kScale);
  };
  const auto whole = attention(in[0], in[1], in[2], false, kScale), first = half(0), second = half(12);
  const auto share = first.logsumexp_BHS.sub(whole.logsumexp_BHS).exp().unsqueeze(-1);
  const auto merged = first.out_BHSD.mul(share).add(second.out_BHSD.mul(share.neg().add(1)));
  EXPECT_LT(relative_error(merged, whole.out_BHSD), 1e-14);
}

TEST(Attention, SurvivesEmptyInputs) {
  const auto q = at::randn({2, 4, 3, 8}).requires_grad_(true), none = at::randn({2, 4, 0, 8});
  const auto without_keys = attention(q, none, none, false, kScale);
  EXPECT_EQ(without_keys.out_BHSD.abs().max().item<double>(), 0.0);
  EXPECT_EQ(without_keys.logsumexp_BHS.max().item<double>(), -std::numeric_limits<double>::infinity());
  without_keys.out_BHSD.sum().backward();
  EXPECT_EQ(q.grad().abs().max().item<double>(), 0.0);
  EXPECT_EQ(attention(none, none, none, true, kScale).out_BHSD.sizes(), none.sizes());
}

TEST(Attention, RefusesWhatItCannotCompute) {
  const auto x = at::randn({2, 4, 3, 8}), longer = at::randn({2, 4, 5, 8}), three = at::randn({2, 3, 3, 8});
  EXPECT_THROW(attention(x, longer, longer, true, kScale), c10::Error);
  EXPECT_THROW(attention(x, three, three, true, kScale), c10::Error);
  EXPECT_THROW(attention(x, x, longer, false, kScale), c10::Error);
  EXPECT_THROW(attention(x, x.to(at::kBFloat16), x, true, kScale), c10::Error);
  EXPECT_THROW(attention(x[0], x[0], x[0], true, kScale), c10::Error);
}

}  // namespace
}  // namespace titan::ops
