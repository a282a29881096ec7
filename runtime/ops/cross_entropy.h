#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace titan::ops {

/// Label of a token that does not count.
inline constexpr int64_t kIgnoredLabel = -100;

/// The dtype in which a loss of such logits is computed and returned: float32, for float64 logits float64.
inline at::ScalarType loss_dtype(const at::Tensor& logits) {
  return logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// Sums -log softmax(logits)[label] over all tokens whose label is not kIgnoredLabel: logits [..., V], labels [...] of
/// int64 -> scalar of loss_dtype, to which the logits are cast first.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace titan::ops
