// Tokens that are no word of the vocabulary, on ranks with all its rows and on ranks with some.
#include "runtime/nn/embedding.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <string>

namespace titan::nn {
namespace {

constexpr int64_t kRows = 12, kDim = 2;

std::string message_of(int num_ranks, int rank, int64_t token) {
  const at::NoGradGuard no_grad;
  Embedding embedding(nullptr, "words", kRows, kDim, InitRule::constant(0.0));
  Parameter& weight = *embedding.parameters().front();
  if (num_ranks > 1) weight.spec = mesh::shard(weight.spec, 0, num_ranks, rank);
  weight.value = at::zeros(weight.spec.box.size);
  try {
    embedding.forward(at::tensor({int64_t{3}, token}, at::kLong).view({1, 2}));
  } catch (const c10::IndexError& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST(EmbeddingTokens, OutsideOfTheVocabularyFailAlikeOnEveryRank) {
  for (const int num_ranks : {1, 2, 3}) {
    for (int rank = 0; rank < num_ranks; ++rank) {
      EXPECT_EQ(message_of(num_ranks, rank, 12), "embedding words.weight: tokens must be in [0, 12): min=3 max=12");
      EXPECT_EQ(message_of(num_ranks, rank, -1), "embedding words.weight: tokens must be in [0, 12): min=-1 max=3");
      EXPECT_EQ(message_of(num_ranks, rank, 11), "");
      EXPECT_EQ(message_of(num_ranks, rank, 0), "");
    }
  }
}

}  // namespace
}  // namespace titan::nn
