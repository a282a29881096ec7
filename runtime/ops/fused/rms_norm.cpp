#include "runtime/ops/fused/rms_norm.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/find_operator.h"
#include "runtime/ops/fused/rms_norm_cpu.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Gives {grad_x, grad_weight}; `saved` holds x, weight and rstd.
variable_list norm_backward(const at::Tensor& grad_out, const std::optional<at::Tensor>& grad_x,
                            const variable_list& saved) {
  static const auto op = find_operator("titan::rms_norm_backward").typed<decltype(rms_norm_backward_cpu)>();
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  auto [grad_in, grad_weight] = op.call(grad_out, grad_x, saved[0], saved[1], saved[2]);
  return {grad_in, grad_weight};
}

struct FusedRmsNorm : torch::autograd::Function<FusedRmsNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, double eps) {
    static const auto op = find_operator("titan::rms_norm").typed<decltype(rms_norm_cpu)>();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto [out, rstd] = op.call(x, weight, eps);
    ctx->save_for_backward({x, weight, rstd});
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto grads_in = norm_backward(grads[0], std::nullopt, ctx->get_saved_variables());
    return {grads_in[0], grads_in[1], at::Tensor()};
  }
};

struct FusedAddRmsNorm : torch::autograd::Function<FusedAddRmsNorm> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight,
                               double eps) {
    static const auto op = find_operator("titan::add_rms_norm").typed<decltype(add_rms_norm_cpu)>();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto [sum, normed, rstd] = op.call(x, y, weight, eps);
    ctx->save_for_backward({sum, weight, rstd});
    ctx->set_materialize_grads(false);
    return {sum, normed};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const at::Tensor &grad_sum = grads[0], &grad_normed = grads[1];
    if (!grad_normed.defined()) return {grad_sum, grad_sum, at::Tensor(), at::Tensor()};
    const auto residual = grad_sum.defined() ? std::optional(grad_sum) : std::nullopt;
    const auto grads_in = norm_backward(grad_normed, residual, ctx->get_saved_variables());
    return {grads_in[0], grads_in[0], grads_in[1], at::Tensor()};
  }
};

void check_norm(const char* operation, const at::Tensor& x, const at::Tensor& weight) {
  TORCH_CHECK(weight.dim() == 1 && x.dim() >= 1 && x.size(-1) == weight.size(0), operation,
              ": the last size of x must equal weight's: x=", x.sizes(), " weight=", weight.sizes());
  TORCH_CHECK(x.scalar_type() == weight.scalar_type(), operation,
              ": x and weight must have one dtype: x=", x.scalar_type(), " weight=", weight.scalar_type());
}

}  // namespace

at::Tensor fused_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  check_norm("fused_rms_norm", x, weight);
  return FusedRmsNorm::apply(x, weight, eps);
}

AddNorm fused_add_rms_norm(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight, double eps) {
  check_norm("fused_add_rms_norm", x, weight);
  TORCH_CHECK(x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type(),
              "fused_add_rms_norm: x and y must have one shape and dtype: x=", x.sizes(), " ", x.scalar_type(),
              " y=", y.sizes(), " ", y.scalar_type());
  auto results = FusedAddRmsNorm::apply(x, y, weight, eps);
  return {std::move(results[0]), std::move(results[1])};
}

}  // namespace titan::ops
