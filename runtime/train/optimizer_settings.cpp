#include "runtime/train/optimizer_settings.h"

namespace titan::train {

optim::OptimizerOptions optimizer_options(const config::OptimizerSection& settings) {
  return {.name = optim::parse_optimizer_name(settings.name),
          .lr = settings.lr,
          .beta1 = settings.beta1,
          .beta2 = settings.beta2,
          .eps = settings.eps,
          .weight_decay = settings.weight_decay,
          .implementation = optim::parse_implementation(settings.implementation)};
}

optim::LrOptions lr_options(const config::LrSchedulerSection& settings) {
  return {.warmup_steps = settings.warmup_steps,
          .total_steps = settings.total_steps,
          .decay_ratio = settings.decay_ratio,
          .decay_type = optim::parse_decay_type(settings.decay_type),
          .min_lr_factor = settings.min_lr_factor};
}

}  // namespace titan::train
