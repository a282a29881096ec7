#include "runtime/ops/linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/matmul.h"
#include "runtime/recompute/interceptor.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor as_rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

recompute::OpCall describe(const at::Tensor& x, const at::Tensor& weight) {
  return {.kind = recompute::OpKind::matmul,
          .operand_shape = {weight.size(1), weight.size(0)},
          .flops = 2.0 * static_cast<double>(x.numel()) * static_cast<double>(weight.size(0))};
}

struct Linear : torch::autograd::Function<Linear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight) {
    ctx->save_for_backward({x, weight});
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return recompute::run_one(describe(x, weight), [&] { return matmul(as_rows(x), weight.t()).view(shape); });
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const at::Tensor grad_rows = as_rows(grads[0]);
    at::Tensor grad_x, grad_weight;
    if (ctx->needs_input_grad(0)) grad_x = matmul(grad_rows, weight).view(x.sizes());
    if (ctx->needs_input_grad(1)) grad_weight = matmul(grad_rows.t(), as_rows(x));
    return {grad_x, grad_weight};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  TORCH_CHECK(x.dim() >= 1 && weight.dim() == 2 && x.size(-1) == weight.size(1),
              "linear: the last size of x must equal weight's second: x=", x.sizes(), " weight=", weight.sizes());
  return Linear::apply(x, weight);
}

}  // namespace titan::ops
