#include <ATen/ScalarOps.h>
#include <ATen/ops/add.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/sqrt.h>

#include "runtime/optim/adam.h"

namespace titan::optim {

void adam_for_loop(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr) {
  for (const AdamItem& item : items) {
    const AdamScalars s = adam_scalars(options, lr, advance(item.step));
    at::Tensor grad = item.grad.to(item.value.scalar_type());
    // As tensors: given a plain number, mul_ on bfloat16 first rounds it (0.95 becomes 0.949).
    if (s.value_factor != 1.0) item.value.mul_(at::native::wrapped_scalar_tensor(s.value_factor));
    if (s.grad_decay != 0.0) grad = at::add(grad, item.value, s.grad_decay);
    item.exp_avg.lerp_(grad, s.exp_avg_weight);
    item.exp_avg_sq.mul_(at::native::wrapped_scalar_tensor(s.beta2)).addcmul_(grad, grad, s.exp_avg_sq_weight);
    const at::Tensor denominator = at::sqrt(item.exp_avg_sq).div_(s.bias_correction2_sqrt).add_(s.eps);
    item.value.addcdiv_(item.exp_avg, denominator, -s.step_size);
  }
}

}  // namespace titan::optim
