#include "runtime/ops/rope.h"

#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>

namespace titan::ops {

at::Tensor rope(const at::Tensor& x_BSHD, const at::Tensor& table) {
  TORCH_CHECK(x_BSHD.dim() == 4 && table.dim() == 3 && table.size(0) >= x_BSHD.size(1) &&
                  2 * table.size(1) == x_BSHD.size(3) && table.size(2) == 2,
              "rope: table must be [>= S, D / 2, 2] for x [B, S, H, D]: x=", x_BSHD.sizes(), " table=", table.sizes());
  const auto dtype = x_BSHD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto pairs = at::view_as_complex(x_BSHD.to(dtype).unflatten(-1, {-1, 2}));
  const auto turns = at::view_as_complex(table.narrow(0, 0, x_BSHD.size(1)).to(dtype)).unsqueeze(1);
  return at::view_as_real(pairs.mul(turns)).flatten(-2).to(x_BSHD.scalar_type());
}

}  // namespace titan::ops
