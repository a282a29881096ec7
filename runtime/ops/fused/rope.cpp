#include "runtime/ops/fused/rope.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/find_operator.h"
#include "runtime/ops/fused/rope_cpu.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor rotate(const at::Tensor& x_BSHD, const at::Tensor& table, bool inverse) {
  static const auto op = find_operator("titan::rope").typed<decltype(rope_cpu)>();
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  return op.call(x_BSHD, table, inverse);
}

struct FusedRope : torch::autograd::Function<FusedRope> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_BSHD, const at::Tensor& table) {
    ctx->save_for_backward({table});
    return rotate(x_BSHD, table, /*inverse=*/false);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {rotate(grads[0], ctx->get_saved_variables()[0], /*inverse=*/true), at::Tensor()};
  }
};

}  // namespace

at::Tensor fused_rope(const at::Tensor& x_BSHD, const at::Tensor& table) {
  TORCH_CHECK(x_BSHD.dim() == 4 && table.dim() == 3 && table.size(0) >= x_BSHD.size(1) &&
                  2 * table.size(1) == x_BSHD.size(3) && table.size(2) == 2,
              "fused_rope: table must be [>= S, D / 2, 2] for x [B, S, H, D]: x=", x_BSHD.sizes(),
              " table=", table.sizes());
  return FusedRope::apply(x_BSHD, table);
}

}  // namespace titan::ops
