#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace titan::ops {

/// Label of a token that does not count.
inline constexpr int64_t kIgnoredLabel = -100;

/// Sums -log softmax(logits)[label] over all tokens whose label is not kIgnoredLabel: logits [..., V], labels [...] of
/// int64
/// -> scalar, float32 (float64 for float64 logits); bfloat16 logits are cast first.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace titan::ops
