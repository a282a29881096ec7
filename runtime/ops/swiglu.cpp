#include "runtime/ops/swiglu.h"

#include <ATen/ops/silu.h>

namespace titan::ops {

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) { return at::silu(gate).mul(up); }

}  // namespace titan::ops
