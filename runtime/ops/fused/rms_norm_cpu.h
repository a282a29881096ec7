#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace titan::ops {

/// CPU kernel of titan::rms_norm: {out, rstd}, rstd = 1 / root mean square of each row in float32 (float64 for
/// float64).
std::tuple<at::Tensor, at::Tensor> rms_norm_cpu(const at::Tensor& x, const at::Tensor& weight, double eps);

/// CPU kernel of titan::add_rms_norm: {sum, normed, rstd}.
std::tuple<at::Tensor, at::Tensor, at::Tensor> add_rms_norm_cpu(const at::Tensor& x, const at::Tensor& y,
                                                                const at::Tensor& weight, double eps);

/// CPU kernel of titan::rms_norm_backward: {grad_x, grad_weight} of one pass. `grad_sum` is what else flows into x's
/// gradient. The same for any number of threads.
std::tuple<at::Tensor, at::Tensor> rms_norm_backward_cpu(const at::Tensor& grad_out,
                                                         const std::optional<at::Tensor>& grad_sum, const at::Tensor& x,
                                                         const at::Tensor& weight, const at::Tensor& rstd);

}  // namespace titan::ops
