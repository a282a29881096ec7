#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace titan::ops {

// N tokens, V classes of this rank: [first_class, first_class + V).

/// Both in float64 for every dtype of the logits: the error of a logsumexp is the relative error of all probabilities,
/// and float32 keeps one of 1e4 only to 5e-4.
struct CrossEntropyRows {
  at::Tensor logsumexp;  // [N] over this rank's classes
  at::Tensor target;     // [N] the label's logit if the label is among them, else 0
};

/// Reads logits [N, V] once, for labels [N] of int64. Below autograd. The loss of a token is the logsumexp over all
/// ranks of its logsumexps less the sum of its targets.
CrossEntropyRows cross_entropy_rows(const at::Tensor& logits, const at::Tensor& labels, int64_t first_class);

/// Gives scale · (exp(logit - logsumexp) - [class == label]), 0 for tokens whose label is kIgnoredLabel, in the logits'
/// dtype. `scale` is the scalar gradient of the loss, `logsumexp` [N] is over the classes of all ranks. Below autograd.
at::Tensor cross_entropy_rows_backward(const at::Tensor& scale, const at::Tensor& logits, const at::Tensor& labels,
                                       const at::Tensor& logsumexp, int64_t first_class);

/// Requires labels of int64 that are kIgnoredLabel or in [0, num_classes); on another device than the CPU their values
/// are not read. `operation` begins the message.
void check_labels(const char* operation, const at::Tensor& labels, int64_t num_classes);

/// Adds the losses of the tokens that count, in one order for any number of threads, in the dtype of the rows.
at::Tensor sum_of_losses(const at::Tensor& logsumexp, const at::Tensor& target, const at::Tensor& labels);

/// Is ops::cross_entropy_sum (runtime/ops/cross_entropy.h) without float32 copies of the logits; keeps logits, labels
/// and one number per token.
at::Tensor fused_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace titan::ops
