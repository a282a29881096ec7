#include <ATen/ScalarOps.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>

#include <map>
#include <utility>

#include "runtime/optim/adam.h"

namespace titan::optim {
namespace {

/// The items of one dtype, as the lists that foreach operators take.
struct ForeachLists {
  std::vector<at::Tensor> values, grads, exp_avgs, exp_avg_sqs;
  std::vector<at::Scalar> negative_step_sizes, bias_corrections2_sqrt;
};

/// On the CPU the operator for a plain number rounds it to bfloat16 first (0.95 becomes 0.949); the one for a tensor
/// does not.
void scale(const std::vector<at::Tensor>& tensors, double factor) {
  if (!tensors.front().is_cpu()) return at::_foreach_mul_(tensors, factor);
  at::_foreach_mul_(tensors, at::native::wrapped_scalar_tensor(factor));
}

void update(ForeachLists& c, const AdamScalars& s) {
  if (s.value_factor != 1.0) scale(c.values, s.value_factor);
  if (s.grad_decay != 0.0) c.grads = at::_foreach_add(c.grads, c.values, s.grad_decay);
  at::_foreach_lerp_(c.exp_avgs, c.grads, s.exp_avg_weight);
  scale(c.exp_avg_sqs, s.beta2);
  at::_foreach_addcmul_(c.exp_avg_sqs, c.grads, c.grads, s.exp_avg_sq_weight);
  const std::vector<at::Tensor> denominators = at::_foreach_sqrt(c.exp_avg_sqs);
  at::_foreach_div_(denominators, c.bias_corrections2_sqrt);
  at::_foreach_add_(denominators, s.eps);
  at::_foreach_addcdiv_(c.values, c.exp_avgs, denominators, c.negative_step_sizes);
}

}  // namespace

void adam_foreach(const std::vector<AdamItem>& items, const OptimizerOptions& options, double lr) {
  std::map<at::ScalarType, ForeachLists> by_dtype;
  AdamScalars shared{};  // all but the two bias corrections is the same for every step count
  for (const AdamItem& item : items) {
    shared = adam_scalars(options, lr, advance(item.step));
    ForeachLists& lists = by_dtype[item.value.scalar_type()];
    lists.values.push_back(item.value);
    lists.grads.push_back(item.grad.to(item.value.scalar_type()));
    lists.exp_avgs.push_back(item.exp_avg);
    lists.exp_avg_sqs.push_back(item.exp_avg_sq);
    lists.negative_step_sizes.emplace_back(-shared.step_size);
    lists.bias_corrections2_sqrt.emplace_back(shared.bias_correction2_sqrt);
  }
  for (auto& [dtype, lists] : by_dtype) update(lists, shared);
}

}  // namespace titan::optim
