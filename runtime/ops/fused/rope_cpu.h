#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// CPU kernel of titan::rope; `inverse` turns by the negative angles.
at::Tensor rope_cpu(const at::Tensor& x_BSHD, const at::Tensor& table, bool inverse);

}  // namespace titan::ops
