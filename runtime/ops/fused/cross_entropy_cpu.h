#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <tuple>

namespace titan::ops {

/// CPU kernel of titan::cross_entropy_rows: {logsumexp, target}.
std::tuple<at::Tensor, at::Tensor> cross_entropy_rows_cpu(const at::Tensor& logits, const at::Tensor& labels,
                                                          int64_t first_class);

/// CPU kernel of titan::cross_entropy_rows_backward.
at::Tensor cross_entropy_rows_backward_cpu(const at::Tensor& scale, const at::Tensor& logits, const at::Tensor& labels,
                                           const at::Tensor& logsumexp, int64_t first_class);

}  // namespace titan::ops
