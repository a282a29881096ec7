#include "runtime/ops/fused/swiglu.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/find_operator.h"
#include "runtime/ops/fused/swiglu_cpu.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FusedSwiGlu : torch::autograd::Function<FusedSwiGlu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& gate, const at::Tensor& up) {
    static const auto op = find_operator("titan::swiglu").typed<decltype(swiglu_cpu)>();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    ctx->save_for_backward({gate, up});
    return op.call(gate, up);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    static const auto op = find_operator("titan::swiglu_backward").typed<decltype(swiglu_backward_cpu)>();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto saved = ctx->get_saved_variables();
    auto [grad_gate, grad_up] = op.call(grads[0], saved[0], saved[1]);
    return {grad_gate, grad_up};
  }
};

}  // namespace

at::Tensor fused_swiglu(const at::Tensor& gate, const at::Tensor& up) {
  TORCH_CHECK(gate.sizes() == up.sizes() && gate.scalar_type() == up.scalar_type(),
              "fused_swiglu: gate and up must have one shape and dtype: gate=", gate.sizes(), " ", gate.scalar_type(),
              " up=", up.sizes(), " ", up.scalar_type());
  return FusedSwiGlu::apply(gate, up);
}

}  // namespace titan::ops
