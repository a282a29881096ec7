#include "runtime/ops/rms_norm.h"

#include <ATen/ops/rms_norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/rms_norm_cpu.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RmsNormCpu : torch::autograd::Function<RmsNormCpu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, double eps) {
    auto result = rms_norm_cpu(x, weight, eps);
    ctx->save_for_backward({x, weight, result.rstd});
    return result.out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    auto result = rms_norm_backward_cpu(grads[0].contiguous(), saved[0], saved[1], saved[2]);
    return {result.grad_x, result.grad_weight, at::Tensor()};
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  TORCH_CHECK(weight.dim() == 1 && x.dim() >= 1 && x.size(-1) == weight.size(0),
              "rms_norm: the last size of x must equal weight's: x=", x.sizes(), " weight=", weight.sizes());
  // The library's CPU version is nine passes over x forward and more backward.
  if (x.is_cpu() && weight.scalar_type() == x.scalar_type()) {
    return RmsNormCpu::apply(x.contiguous(), weight.contiguous(), eps);
  }
  return at::rms_norm(x, weight.sizes(), weight, eps);
}

}  // namespace titan::ops
