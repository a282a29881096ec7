#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace titan::ops {

/// CPU kernel of titan::swiglu.
at::Tensor swiglu_cpu(const at::Tensor& gate, const at::Tensor& up);

/// CPU kernel of titan::swiglu_backward: {grad_gate, grad_up}.
std::tuple<at::Tensor, at::Tensor> swiglu_backward_cpu(const at::Tensor& grad_out, const at::Tensor& gate,
                                                       const at::Tensor& up);

}  // namespace titan::ops
