#pragma once

#include <memory>

#include "models/llama3/config.h"
#include "runtime/nn/attention.h"
#include "runtime/nn/embedding.h"
#include "runtime/nn/feed_forward.h"
#include "runtime/nn/rms_norm.h"
#include "runtime/unit/unit.h"

namespace titan::models::llama3 {

/// (tokens [B, S]) -> (x [B, S, dim]).
class EmbeddingUnit : public unit::Unit {
 public:
  explicit EmbeddingUnit(const Config& config);
  unit::Tuple forward(const unit::Tuple& inputs) override;
  std::string type() const override { return "llama_embedding"; }

 private:
  nn::Embedding embedding_;
};

/// One pre-norm decoder layer: (x [B, S, dim]) -> (x [B, S, dim]).
class TransformerBlock : public unit::Unit {
 public:
  /// `rotary_table` is shared by all blocks and filled after they are built.
  TransformerBlock(const Config& config, int64_t layer, std::shared_ptr<const at::Tensor> rotary_table);
  unit::Tuple forward(const unit::Tuple& inputs) override;
  std::string type() const override { return type_; }
  bool ends_linear() const override { return true; }
  std::vector<at::Tensor> buffers() const override { return {*rotary_table_}; }

 private:
  std::string type_;
  std::shared_ptr<const at::Tensor> rotary_table_;
  nn::RMSNorm attention_norm_;
  nn::Attention attention_;
  nn::RMSNorm ffn_norm_;
  nn::FeedForward feed_forward_;
};

/// Final norm and output projection: (x [B, S, dim]) -> (logits [B, S, vocab]).
class HeadUnit : public unit::Unit {
 public:
  explicit HeadUnit(const Config& config);
  unit::Tuple forward(const unit::Tuple& inputs) override;
  std::string type() const override { return type_; }

 private:
  std::string type_;
  nn::RMSNorm norm_;
  nn::Linear output_;
};

}  // namespace titan::models::llama3
