#pragma once

#include "runtime/unit/unit.h"

namespace titan::nn {

/// The last unit of a training step, without parameters: (logits [B, S, V], labels [B, S]) -> the microbatch's loss
/// sum, a float32 scalar (float64 for float64 logits). Dividing by the token count is the trainer's business.
class LossUnit : public unit::Unit {
 public:
  LossUnit() : Unit("loss") {}
  unit::Tuple forward(const unit::Tuple& inputs) override;
  std::string type() const override { return "cross_entropy_sum"; }
};

}  // namespace titan::nn
