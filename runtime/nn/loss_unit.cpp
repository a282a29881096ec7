#include "runtime/nn/loss_unit.h"

#include "runtime/ops/cross_entropy.h"

namespace titan::nn {

unit::Tuple LossUnit::forward(const unit::Tuple& inputs) {
  TORCH_CHECK(inputs.size() == 2, "loss: inputs must be logits and labels: count=", inputs.size());
  return {ops::cross_entropy_sum(inputs[0], inputs[1])};
}

}  // namespace titan::nn
