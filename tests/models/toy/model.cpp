#include "tests/models/toy/model.h"

#include "runtime/nn/embedding.h"
#include "runtime/nn/feed_forward.h"
#include "runtime/nn/linear.h"
#include "runtime/nn/rms_norm.h"

namespace titan::models::toy {
namespace {

using nn::InitRule;
using train::ModelDims;

constexpr double kNormEps = 1e-5;

class EmbeddingUnit : public unit::Unit {
 public:
  explicit EmbeddingUnit(const ModelDims& dims)
      : Unit("embedding"), embedding_(this, "", dims.vocab_size, dims.dim, InitRule::normal(0.0, 1.0)) {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {embedding_.forward(inputs.at(0))}; }
  std::string type() const override { return "toy_embedding"; }

 private:
  nn::Embedding embedding_;
};

class Block : public unit::Unit {
 public:
  Block(const ModelDims& dims, int64_t layer)
      : Unit("layers." + std::to_string(layer)),
        norm_(this, "norm", dims.dim, kNormEps),
        feed_forward_(this, "feed_forward",
                      {.dim = dims.dim,
                       .hidden = dims.ffn_hidden,
                       .init_in = InitRule::normal(0.0, 0.1),
                       .init_out = InitRule::normal(0.0, 0.1)}) {}
  unit::Tuple forward(const unit::Tuple& inputs) override {
    return {inputs.at(0).add(feed_forward_.forward(norm_.forward(inputs.at(0))))};
  }
  std::string type() const override { return "toy_block"; }

 private:
  nn::RMSNorm norm_;
  nn::FeedForward feed_forward_;
};

class OutputUnit : public unit::Unit {
 public:
  explicit OutputUnit(const ModelDims& dims)
      : Unit("output"), output_(this, "", dims.dim, dims.vocab_size, InitRule::normal(0.0, 0.02)) {}
  unit::Tuple forward(const unit::Tuple& inputs) override { return {output_.forward(inputs.at(0))}; }
  std::string type() const override { return "toy_output"; }

 private:
  nn::Linear output_;
};

train::Model build(const ModelDims& dims) {
  train::Model model;
  model.units.push_back(std::make_unique<EmbeddingUnit>(dims));
  for (int64_t layer = 0; layer < dims.num_layers; ++layer) {
    model.units.push_back(std::make_unique<Block>(dims, layer));
  }
  model.units.push_back(std::make_unique<OutputUnit>(dims));
  model.make_buffers = [](at::Device, bool) {};
  return model;
}

}  // namespace

std::vector<train::ModelSpec> toy_specs() {
  const ModelDims dims{
      .num_layers = 2, .dim = 16, .num_heads = 1, .num_kv_heads = 1, .ffn_hidden = 32, .vocab_size = 40};
  const int64_t in_blocks = dims.num_layers * (dims.dim + 3 * dims.dim * dims.ffn_hidden);
  const int64_t in_output = dims.vocab_size * dims.dim;
  return {{.name = "toy",
           .flavor = "small",
           .dims = dims,
           .num_parameters = in_blocks + 2 * in_output,
           .flops_per_token = [=](int64_t) { return 6.0 * static_cast<double>(in_blocks + in_output); },
           .build = [dims](const train::ModelOptions&) { return build(dims); }}};
}

}  // namespace titan::models::toy
