#pragma once

#include <functional>

#include "runtime/unit/unit.h"

namespace titan::nn {

/// (logits [B, S, V], labels [B, S]) -> the loss sum, a scalar. V may be this rank's part of the vocabulary.
using LossFunction = std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& labels)>;

/// The last unit of a training step, without parameters: (logits [B, S, V], labels [B, S]) -> the microbatch's loss
/// sum, a float32 scalar (float64 for float64 logits). Dividing by the token count is the trainer's business.
class LossUnit : public unit::Unit {
 public:
  /// `type` names the function and its configuration.
  LossUnit(std::string type, LossFunction loss) : Unit("loss"), type_(std::move(type)), loss_(std::move(loss)) {}
  unit::Tuple forward(const unit::Tuple& inputs) override;
  std::string type() const override { return type_; }

 private:
  std::string type_;
  LossFunction loss_;
};

}  // namespace titan::nn
