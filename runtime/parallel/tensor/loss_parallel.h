#pragma once

#include <ATen/core/Tensor.h>

#include "runtime/parallel/tensor/tensor_group.h"

namespace titan::parallel {

/// Cross entropy of logits that are cut evenly along the vocabulary: logits [B, S, V / ranks] of this rank, labels
/// [B, S] of all words -> what ops::cross_entropy_sum gives for the whole logits, equal on all ranks. Whole logits
/// never exist: per token a maximum, a sum and the label's logit travel between ranks. `fused` reads the
/// logits as they are, once per direction; else plain ATen operators work on a float copy.
at::Tensor vocab_parallel_cross_entropy_sum(const at::Tensor& logits_BSV, const at::Tensor& labels_BS,
                                            const TensorGroup& group, bool fused);

}  // namespace titan::parallel
