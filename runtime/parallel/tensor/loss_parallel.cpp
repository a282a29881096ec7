#include "runtime/parallel/tensor/loss_parallel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/fused/cross_entropy.h"

// Shapes: N tokens, V this rank's part of the vocabulary.

namespace titan::parallel {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Each label's column in this rank's part of the logits, and whether it has one.
struct LabelColumns {
  LabelColumns(const at::Tensor& labels_N, int64_t first_class, int64_t num_classes) {
    const auto column = labels_N - first_class;
    is_elsewhere = column.lt(0).logical_or_(column.ge(num_classes));
    index_N1 = column.masked_fill(is_elsewhere, 0).unsqueeze(1);
  }
  at::Tensor index_N1, is_elsewhere;
};

/// What one rank knows of each token's loss.
using Rows = ops::CrossEntropyRows;

Rows plain_rows(const at::Tensor& logits_NV, const at::Tensor& labels_N, int64_t first_class) {
  const LabelColumns columns(labels_N, first_class, logits_NV.size(1));
  const auto max_N1 = logits_NV.amax(1, /*keepdim=*/true);
  const auto pivot_N1 = max_N1.masked_fill(max_N1.isinf(), 0.0);  // infinity less itself is no number
  const auto sum_N = (logits_NV - pivot_N1).exp_().sum(1);
  return {.logsumexp = sum_N.to(at::kDouble).log_().add_(pivot_N1.squeeze(1)),
          .target =
              logits_NV.gather(1, columns.index_N1).squeeze(1).masked_fill_(columns.is_elsewhere, 0.0).to(at::kDouble)};
}

/// scale · (softmax - one at the label), zero for tokens that do not count. The logsumexp enters in two parts: float32
/// has no room for the sum beside a large maximum.
at::Tensor plain_rows_backward(const at::Tensor& scale, const at::Tensor& logits_NV, const at::Tensor& labels_N,
                               const at::Tensor& logsumexp_N, int64_t first_class) {
  const LabelColumns columns(labels_N, first_class, logits_NV.size(1));
  const auto high_N = logsumexp_N.to(logits_NV.scalar_type());
  const auto low_N = (logsumexp_N - high_N).to(logits_NV.scalar_type());
  const auto grad_NV = (logits_NV - high_N.unsqueeze(1)).sub_(low_N.unsqueeze(1)).exp_();
  const auto at_label = columns.is_elsewhere.logical_not().unsqueeze(1).to(grad_NV.scalar_type());
  grad_NV.scatter_add_(1, columns.index_N1, at_label.neg());
  grad_NV.masked_fill_(labels_N.eq(ops::kIgnoredLabel).unsqueeze(1), 0.0);
  return grad_NV.mul_(scale);
}

/// The same of the whole vocabulary, from all ranks' parts: two reductions of one number per token and more.
Rows combine(const Rows& part, comm::Communicator& comm, const platform::Stream& stream) {
  const auto max_N = part.logsumexp.clone();
  comm.all_reduce(max_N, comm::ReduceOp::max, stream).wait(stream);
  const auto sums = at::stack({(part.logsumexp - max_N).exp_(), part.target});
  comm.all_reduce(sums, comm::ReduceOp::sum, stream).wait(stream);
  return {.logsumexp = sums.select(0, 0).log().add_(max_N), .target = sums.select(0, 1)};
}

struct VocabParallelCrossEntropy : torch::autograd::Function<VocabParallelCrossEntropy> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits_NV, const at::Tensor& labels_N,
                            const TensorGroup& group, bool fused) {
    const int64_t first_class = group.comm.rank() * logits_NV.size(1);
    const auto rows_of = fused ? ops::cross_entropy_rows : plain_rows;
    const Rows rows = combine(rows_of(logits_NV, labels_N, first_class), group.comm, group.stream);
    ctx->save_for_backward({logits_NV, labels_N, rows.logsumexp});
    ctx->saved_data["first_class"] = first_class;
    ctx->saved_data["fused"] = fused;
    return ops::sum_of_losses(rows.logsumexp, rows.target, labels_N).to(ops::loss_dtype(logits_NV));
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const int64_t first_class = ctx->saved_data["first_class"].toInt();
    const auto gradient = ctx->saved_data["fused"].toBool() ? ops::cross_entropy_rows_backward : plain_rows_backward;
    return {gradient(grads[0], saved[0], saved[1], saved[2], first_class), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor vocab_parallel_cross_entropy_sum(const at::Tensor& logits_BSV, const at::Tensor& labels_BS,
                                            const TensorGroup& group, bool fused) {
  TORCH_CHECK(logits_BSV.dim() >= 2 && logits_BSV.sizes().slice(0, logits_BSV.dim() - 1) == labels_BS.sizes(),
              "vocab_parallel_cross_entropy_sum: labels must have the logits' shape but for the last dim: logits=",
              logits_BSV.sizes(), " labels=", labels_BS.sizes());
  // A label of no rank would count as a logit of 0.
  ops::check_labels("vocab_parallel_cross_entropy_sum", labels_BS, logits_BSV.size(-1) * group.comm.size());
  const auto logits = fused ? logits_BSV : logits_BSV.to(ops::loss_dtype(logits_BSV));
  return VocabParallelCrossEntropy::apply(logits.flatten(0, -2), labels_BS.flatten(), group, fused);
}

}  // namespace titan::parallel
