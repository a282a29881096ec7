#include "runtime/ops/fused/cross_entropy.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/custom_function.h>

#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/find_operator.h"
#include "runtime/ops/fused/cross_entropy_cpu.h"

namespace titan::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kPartOfSum = 4096;

void check_rows(const char* operation, const at::Tensor& logits, const at::Tensor& labels) {
  TORCH_CHECK(logits.dim() == 2 && labels.dim() == 1 && logits.size(0) == labels.size(0), operation,
              ": logits must be [N, V] and labels [N]: logits=", logits.sizes(), " labels=", labels.sizes());
  TORCH_CHECK(labels.scalar_type() == at::kLong, operation, ": labels must be int64: ", labels.scalar_type());
}

struct FusedCrossEntropy : torch::autograd::Function<FusedCrossEntropy> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits, const at::Tensor& labels) {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto rows = cross_entropy_rows(logits, labels, 0);
    ctx->save_for_backward({logits, labels, rows.logsumexp});
    return sum_of_losses(rows.logsumexp, rows.target, labels).to(loss_dtype(logits));
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    return {cross_entropy_rows_backward(grads[0], saved[0], saved[1], saved[2], 0), at::Tensor()};
  }
};

}  // namespace

CrossEntropyRows cross_entropy_rows(const at::Tensor& logits, const at::Tensor& labels, int64_t first_class) {
  static const auto op = find_operator("titan::cross_entropy_rows").typed<decltype(cross_entropy_rows_cpu)>();
  check_rows("cross_entropy_rows", logits, labels);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  auto [logsumexp, target] = op.call(logits, labels, first_class);
  return {std::move(logsumexp), std::move(target)};
}

at::Tensor cross_entropy_rows_backward(const at::Tensor& scale, const at::Tensor& logits, const at::Tensor& labels,
                                       const at::Tensor& logsumexp, int64_t first_class) {
  static const auto op =
      find_operator("titan::cross_entropy_rows_backward").typed<decltype(cross_entropy_rows_backward_cpu)>();
  check_rows("cross_entropy_rows_backward", logits, labels);
  TORCH_CHECK(scale.numel() == 1 && logsumexp.sizes() == labels.sizes(),
              "cross_entropy_rows_backward: scale must be one number and logsumexp like labels: scale=", scale.sizes(),
              " logsumexp=", logsumexp.sizes(), " labels=", labels.sizes());
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  return op.call(scale, logits, labels, logsumexp, first_class);
}

void check_labels(const char* operation, const at::Tensor& labels, int64_t num_classes) {
  TORCH_CHECK(labels.scalar_type() == at::kLong, operation, ": labels must be int64: ", labels.scalar_type());
  if (!labels.is_cpu()) return;
  const auto contiguous = labels.contiguous();
  const auto* label = contiguous.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < contiguous.numel(); ++i) {
    TORCH_CHECK(label[i] == kIgnoredLabel || (label[i] >= 0 && label[i] < num_classes), operation, ": labels must be ",
                kIgnoredLabel, " or in [0, ", num_classes, "): label=", label[i], " token=", i);
  }
}

at::Tensor sum_of_losses(const at::Tensor& logsumexp, const at::Tensor& target, const at::Tensor& labels) {
  const auto losses = logsumexp.sub(target).masked_fill_(labels.eq(kIgnoredLabel), 0.0);
  // The library divides a long sum to one number among the threads, but not a sum to many.
  const int64_t rest = losses.numel() % kPartOfSum, whole = losses.numel() - rest;
  if (whole == 0) return losses.sum();
  return at::cat({losses.narrow(0, 0, whole).view({-1, kPartOfSum}).sum(1), losses.narrow(0, whole, rest)}).sum();
}

at::Tensor fused_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels) {
  TORCH_CHECK(logits.dim() >= 2 && logits.sizes().slice(0, logits.dim() - 1) == labels.sizes(),
              "fused_cross_entropy_sum: labels must have the logits' shape but for the last dim: logits=",
              logits.sizes(), " labels=", labels.sizes());
  check_labels("fused_cross_entropy_sum", labels, logits.size(-1));
  return FusedCrossEntropy::apply(logits.flatten(0, -2), labels.flatten());
}

}  // namespace titan::ops
