#include "runtime/nn/loss_unit.h"

#include <c10/util/Exception.h>

namespace titan::nn {

unit::Tuple LossUnit::forward(const unit::Tuple& inputs) {
  TORCH_CHECK(inputs.size() == 2, "loss: inputs must be logits and labels: count=", inputs.size());
  return {loss_(inputs[0], inputs[1])};
}

}  // namespace titan::nn
