#include "models/llama3/hf_keys.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "models/registry.h"

namespace titan::models::llama3 {
namespace {

TEST(HfKeys, MapEveryParameterThereAndBack) {
  for (const auto& unit : find_model("llama3", "debugmodel").build({}).units) {
    for (const auto* parameter : unit->parameters()) {
      EXPECT_EQ(from_hf_name(to_hf_name(parameter->name)), parameter->name);
    }
  }
}

TEST(HfKeys, UseHuggingFaceNames) {
  EXPECT_EQ(to_hf_name("tok_embeddings.weight"), "model.embed_tokens.weight");
  EXPECT_EQ(to_hf_name("layers.31.feed_forward.w3.weight"), "model.layers.31.mlp.up_proj.weight");
  EXPECT_EQ(to_hf_name("layers.0.ffn_norm.weight"), "model.layers.0.post_attention_layernorm.weight");
  EXPECT_EQ(from_hf_name("lm_head.weight"), "output.weight");
  EXPECT_EQ(from_hf_name("model.layers.0.self_attn.rotary_emb.inv_freq"), std::nullopt);
}

TEST(HfKeys, RefuseForeignNames) {
  EXPECT_THROW(to_hf_name("layers.0.attention.bias"), c10::Error);
  EXPECT_THROW(to_hf_name("layers.x.attention.wq.weight"), c10::Error);
  EXPECT_THROW(from_hf_name("model.layers.0.mlp.experts.0.up_proj.weight"), c10::Error);
}

// One head of 6 rows: ours holds the pairs (0, 1), (2, 3), (4, 5); Hugging Face's halves are the first and second
// members.
TEST(HfKeys, MoveInterleavedPairsToHalves) {
  const train::ModelDims dims{.num_heads = 2, .num_kv_heads = 1};
  const auto rows = [](std::vector<int64_t> order) {
    return at::tensor(order, at::kDouble).view({-1, 1}).mul(at::arange(1, 4, at::kDouble)).contiguous();
  };
  const auto ours = rows({0, 1, 2, 3, 4, 5}), hf = rows({0, 2, 4, 1, 3, 5});
  EXPECT_TRUE(at::equal(to_hf_value("layers.0.attention.wk.weight", ours, dims), hf));
  EXPECT_TRUE(at::equal(from_hf_value("layers.0.attention.wk.weight", hf, dims), ours));
  EXPECT_TRUE(at::equal(to_hf_value("layers.0.attention.wv.weight", ours, dims), ours));
  const auto two_heads = rows({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_TRUE(at::equal(to_hf_value("layers.0.attention.wq.weight", two_heads, dims),
                        rows({0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11})));
}

}  // namespace
}  // namespace titan::models::llama3
