#include "runtime/ops/rms_norm.h"

#include <ATen/ops/rms_norm.h>

namespace titan::ops {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  TORCH_CHECK(weight.dim() == 1 && x.dim() >= 1 && x.size(-1) == weight.size(0),
              "rms_norm: the last size of x must equal weight's: x=", x.sizes(), " weight=", weight.sizes());
  return at::rms_norm(x, weight.sizes(), weight, eps);
}

}  // namespace titan::ops
