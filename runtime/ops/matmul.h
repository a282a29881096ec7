#pragma once

#include <ATen/core/Tensor.h>

namespace titan::ops {

/// Multiplies two matrices, a [M, K] · b [K, N] -> contiguous [M, N], of one dtype and any strides, below autograd.
/// Large float32 products on the CPU go to oneDNN, which reaches the vector width of every x86 maker's processors;
/// at::mm's library does not.
at::Tensor matmul(const at::Tensor& a, const at::Tensor& b);

}  // namespace titan::ops
