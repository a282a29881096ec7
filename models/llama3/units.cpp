#include "models/llama3/units.h"

#include <cmath>
#include <sstream>

// Shapes: B batch, S sequence, E model width, V vocabulary.

namespace titan::models::llama3 {
namespace {

using nn::InitRule;

/// Truncated at ±2, an absolute value: practically not at all (reference §3.3).
InitRule trunc_normal(double std) { return InitRule::trunc_normal(0.0, std, -2.0, 2.0); }

InitRule init_in() { return trunc_normal(0.02); }

/// Keeps the residual stream's variance: deeper layers start smaller.
InitRule init_out(int64_t layer) { return trunc_normal(0.02 / std::sqrt(2.0 * static_cast<double>(layer + 1))); }

InitRule init_logits(int64_t dim) {
  const double std = 1.0 / std::sqrt(static_cast<double>(dim));
  return InitRule::trunc_normal(0.0, std, -3.0 * std, 3.0 * std);
}

nn::AttentionOptions attention_options(const Config& config, int64_t layer) {
  return {.dim = config.dims.dim,
          .num_heads = config.dims.num_heads,
          .num_kv_heads = config.dims.num_kv_heads,
          .head_dim = config.head_dim(),
          .init_in = init_in(),
          .init_out = init_out(layer),
          .repeats_key_heads = config.repeats_key_heads};
}

nn::FeedForwardOptions feed_forward_options(const Config& config, int64_t layer) {
  return {.dim = config.dims.dim, .hidden = config.dims.ffn_hidden, .init_in = init_in(), .init_out = init_out(layer)};
}

/// Names what parameter shapes do not tell.
std::string type_name(const std::string& kind, const Config& config) {
  std::ostringstream text;
  text << kind << "(head_dim=" << config.head_dim() << ", norm_eps=" << config.norm_eps << ")";
  return text.str();
}

}  // namespace

EmbeddingUnit::EmbeddingUnit(const Config& config)
    : Unit("tok_embeddings"),
      embedding_(this, "", config.dims.vocab_size, config.dims.dim, InitRule::normal(0.0, 1.0)) {}

unit::Tuple EmbeddingUnit::forward(const unit::Tuple& inputs) { return {embedding_.forward(inputs.at(0))}; }

TransformerBlock::TransformerBlock(const Config& config, int64_t layer, std::shared_ptr<const at::Tensor> rotary_table)
    : Unit("layers." + std::to_string(layer)),
      type_(type_name("llama_block", config)),
      rotary_table_(std::move(rotary_table)),
      attention_norm_(this, "attention_norm", config.dims.dim, config.norm_eps),
      attention_(this, "attention", attention_options(config, layer)),
      ffn_norm_(this, "ffn_norm", config.dims.dim, config.norm_eps),
      feed_forward_(this, "feed_forward", feed_forward_options(config, layer)) {}

unit::Tuple TransformerBlock::forward(const unit::Tuple& inputs) {
  const auto& x_BSE = inputs.at(0);
  const auto attended_BSE = attention_.forward(attention_norm_.forward(x_BSE), *rotary_table_);
  const auto h = ffn_norm_.forward_sum(x_BSE, attended_BSE);
  return {h.sum.add(feed_forward_.forward(h.normed))};
}

HeadUnit::HeadUnit(const Config& config)
    : Unit(""),
      type_(type_name("llama_head", config)),
      norm_(this, "norm", config.dims.dim, config.norm_eps),
      output_(this, "output", config.dims.dim, config.dims.vocab_size, init_logits(config.dims.dim)) {}

unit::Tuple HeadUnit::forward(const unit::Tuple& inputs) { return {output_.forward(norm_.forward(inputs.at(0)))}; }

}  // namespace titan::models::llama3
