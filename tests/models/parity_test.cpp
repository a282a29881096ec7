#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "models/llama3/model.h"
#include "runtime/nn/initialise.h"
#include "runtime/ops/cross_entropy.h"

// Against numbers of PyTorch and Hugging Face; each golden file names the command that wrote it.

namespace titan::models::llama3 {
namespace {

using nlohmann::json;

json read_golden(const std::string& name) {
  std::ifstream file(std::string(TITAN_SOURCE_DIR) + "/tests/golden/parity/" + name + ".json");
  return json::parse(file);
}

Config read_config(const json& values) {
  Config config;
  config.dims = {.num_layers = values["num_layers"],
                 .dim = values["dim"],
                 .num_heads = values["num_heads"],
                 .num_kv_heads = values["num_kv_heads"],
                 .ffn_hidden = values["ffn_hidden"],
                 .vocab_size = values["vocab_size"]};
  config.norm_eps = values["norm_eps"];
  config.rope_theta = values["rope_theta"];
  const auto& scaling = values["rope_scaling"];
  if (!scaling.is_null()) config.rope_scaling = nn::RotaryScaling{scaling[0], scaling[1], scaling[2], scaling[3]};
  return config;
}

/// The synthetic tokens of validate/golden.py, step 0: [batch, count].
at::Tensor golden_tokens(int64_t vocab_size, int64_t batch, int64_t count) {
  const auto tokens = at::empty({batch, count}, at::kLong);
  auto* out = tokens.mutable_data_ptr<int64_t>();
  for (int64_t row = 1; row <= batch; ++row) {
    for (int64_t i = 0; i < count; ++i)
      *out++ = (row * (7 * i + 21) + 11 * (i / 5)) % std::min<int64_t>(vocab_size, 97);
  }
  return tokens;
}

at::Tensor as_tensor(const std::vector<double>& values) {
  return at::from_blob(const_cast<double*>(values.data()), {static_cast<int64_t>(values.size())}, at::kDouble).clone();
}

/// A model with the golden file's configuration and initial weights, each a leaf that collects its gradient.
struct GoldenModel {
  json golden;
  Config config;
  train::Model model;

  explicit GoldenModel(const std::string& file) : golden(read_golden(file)), config(read_config(golden["config"])) {
    model = build(config, {.seq_len = golden["seq_len"]});
    model.make_buffers(at::kCPU, /*has_values=*/true);
    for (auto* parameter : parameters()) {
      parameter->value = at::empty(parameter->spec.box.size, at::kFloat);
      nn::fill(parameter->value, parameter->spec, parameter->init, golden["seed"].get<uint64_t>(), parameter->name);
      parameter->value.requires_grad_(true);
    }
  }

  std::vector<nn::Parameter*> parameters() const {
    std::vector<nn::Parameter*> all;
    for (const auto& unit : model.units) {
      for (auto* parameter : unit->parameters()) all.push_back(parameter);
    }
    return all;
  }

  at::Tensor tokens(int64_t extra) const {
    return golden_tokens(config.dims.vocab_size, golden["batch"], golden["seq_len"].get<int64_t>() + extra);
  }

  at::Tensor forward(const at::Tensor& tokens_BS) const {
    unit::Tuple values{tokens_BS};
    for (const auto& unit : model.units) values = unit->forward(values);
    return values.at(0);
  }

  /// Largest difference between logits and the golden ones, which are of the order of 1.
  double logits_error(const at::Tensor& logits) const {
    const auto expected = as_tensor(golden["logits"].get<std::vector<double>>());
    return logits.detach().to(at::kDouble).flatten().sub(expected).abs().max().item<double>();
  }
};

class Parity : public testing::TestWithParam<const char*> {};

TEST_P(Parity, LogitsEqualHuggingFaces) {
  const GoldenModel golden("hf_" + std::string(GetParam()));
  EXPECT_LT(golden.logits_error(golden.forward(golden.tokens(0))), 1e-5);
}

TEST_P(Parity, RotaryFrequenciesEqualHuggingFaces) {
  const GoldenModel golden("hf_" + std::string(GetParam()));
  const auto expected = golden.golden["rotary_frequencies"].get<std::vector<double>>();
  const auto ours = nn::rotary_frequencies(
      {.head_dim = 128, .theta = golden.config.rope_theta, .scaling = golden.config.rope_scaling});
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i] / expected[i], 1.0, 1e-6) << i;
}

TEST_P(Parity, LossAndGradientsEqualPyTorchs) {
  const GoldenModel golden("gradients_" + std::string(GetParam()));
  const auto rows = golden.tokens(1);
  const auto labels = rows.narrow(1, 1, rows.size(1) - 1).clone();
  labels[0][0] = -100;
  const auto logits = golden.forward(rows.narrow(1, 0, rows.size(1) - 1));
  EXPECT_LT(golden.logits_error(logits), 1e-5);
  const auto loss = ops::cross_entropy_sum(logits, labels);
  EXPECT_NEAR(loss.item<double>() / golden.golden["loss_sum"].get<double>(), 1.0, 1e-6);
  torch::autograd::backward({loss}, {});
  for (const auto* parameter : golden.parameters()) {
    const auto& expected = golden.golden["gradients"][parameter->name];
    const double norm = expected["norm"];
    const auto gradient = parameter->value.grad().to(at::kDouble).flatten();
    const auto pattern = at::arange(gradient.numel(), at::kDouble).cos();
    EXPECT_NEAR(gradient.norm().item<double>(), norm, 1e-5 * norm) << parameter->name;
    EXPECT_NEAR(gradient.dot(pattern).item<double>(), expected["cosine_sum"].get<double>(), 1e-4 * norm)
        << parameter->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Llama, Parity, testing::Values("tiny_llama3", "tiny_llama2"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace titan::models::llama3
