#pragma once

#include <ATen/core/Tensor.h>

namespace titan::parallel {

/// A tensor without history over a part of a buffer's storage, read as `dtype`; `offset` and `strides` count elements
/// of it. The same as narrowing and viewing, at a fifth of the host time: every parameter takes several in each
/// unshard.
at::Tensor buffer_part(const at::Tensor& buffer, at::ScalarType dtype, int64_t offset, at::IntArrayRef sizes,
                       at::IntArrayRef strides);
/// The same without gaps.
at::Tensor buffer_part(const at::Tensor& buffer, at::ScalarType dtype, int64_t offset, at::IntArrayRef sizes);

}  // namespace titan::parallel
