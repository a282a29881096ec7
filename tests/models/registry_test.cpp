#include "models/registry.h"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <set>

#include "runtime/config/config_error.h"

namespace titan::models {
namespace {

int64_t count_parameters(const train::ModelSpec& spec) {
  int64_t count = 0;
  for (const auto& unit : spec.build({}).units) {
    for (const auto* parameter : unit->parameters()) count += parameter->spec.global_numel();
  }
  return count;
}

TEST(Registry, CountsTheParametersThatItBuilds) {
  for (const auto& spec : all_models()) {
    EXPECT_EQ(count_parameters(spec), spec.num_parameters) << spec.name << " " << spec.flavor;
  }
}

// Published totals; FLOPs per token 6 · (N - N_embedding) + 6 · L · H · 2 · head_dim · seq_len (reference §3.2).
TEST(Registry, GivesThePublishedSizes) {
  EXPECT_EQ(find_model("llama3", "debugmodel").num_parameters, 6163712);
  EXPECT_EQ(find_model("llama3", "8B").num_parameters, 8030261248);
  // The 8B less 28 of its blocks of 218112000.
  EXPECT_EQ(find_model("llama3", "8B_4L").num_parameters, 8030261248 - 28 * 218112000ll);
  EXPECT_EQ(find_model("llama3", "70B").num_parameters, 70553706496);
  EXPECT_EQ(find_model("llama3", "405B").num_parameters, 405853388800);
  EXPECT_EQ(find_model("llama2", "7B").num_parameters, 6738415616);
  EXPECT_EQ(find_model("llama2", "13B").num_parameters, 13015864320);
  EXPECT_EQ(find_model("llama2", "70B").num_parameters, 68976648192);
  EXPECT_EQ(find_model("llama3", "debugmodel").flops_per_token(2048), 71585280.0);
  EXPECT_EQ(find_model("llama3", "8B").flops_per_token(2048), 48250773504.0);
  EXPECT_EQ(find_model("llama3", "8B").flops_per_token(8192), 57914449920.0);
  EXPECT_EQ(find_model("llama3", "70B").flops_per_token(8192), 481442709504.0);
  EXPECT_EQ(find_model("llama3", "405B").flops_per_token(8192), 2625449459712.0);
}

TEST(Registry, NamesParametersAsTheReferenceDoes) {
  const auto model = find_model("llama3", "debugmodel").build({});
  std::set<std::string> names;
  for (const auto& unit : model.units) {
    for (const auto* parameter : unit->parameters()) names.insert(parameter->name);
  }
  EXPECT_EQ(names.size(), 3u + 6u * 9u);
  for (const auto* name :
       {"tok_embeddings.weight", "layers.0.attention.wq.weight", "layers.5.attention.wk.weight",
        "layers.0.attention.wv.weight", "layers.0.attention.wo.weight", "layers.0.attention_norm.weight",
        "layers.0.ffn_norm.weight", "layers.0.feed_forward.w1.weight", "layers.0.feed_forward.w2.weight",
        "layers.0.feed_forward.w3.weight", "norm.weight", "output.weight"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Registry, NamesTheNearestModelAndFlavor) {
  EXPECT_EQ(message_of([] { find_model("lama3", "8B"); }),
            "model.name: 'lama3' is not registered (llama2, llama3); did you mean 'llama3'?");
  EXPECT_EQ(message_of([] { find_model("llama3", "80B"); }),
            "model.flavor: '80B' is not registered (debugmodel, 8B, 8B_4L, 70B, 405B); did you mean '8B'?");
}

}  // namespace
}  // namespace titan::models
