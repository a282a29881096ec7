#include "runtime/optim/adam.h"

#include <cmath>

namespace titan::optim {

AdamScalars adam_scalars(const OptimizerOptions& options, double lr, double step) {
  const bool decoupled = options.name == OptimizerName::adam_w;
  return {
      .beta2 = options.beta2,
      .eps = options.eps,
      .exp_avg_weight = 1.0 - options.beta1,
      .exp_avg_sq_weight = 1.0 - options.beta2,
      .grad_decay = decoupled ? 0.0 : options.weight_decay,
      .value_factor = decoupled ? 1.0 - lr * options.weight_decay : 1.0,
      .step_size = lr / (1.0 - std::pow(options.beta1, step)),
      .bias_correction2_sqrt = std::sqrt(1.0 - std::pow(options.beta2, step)),
  };
}

double advance(const at::Tensor& step) { return *step.mutable_data_ptr<float>() += 1.0F; }

}  // namespace titan::optim
