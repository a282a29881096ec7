#include "runtime/ops/cross_entropy.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>

namespace titan::ops {

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels) {
  TORCH_CHECK(logits.dim() >= 2 && logits.sizes().slice(0, logits.dim() - 1) == labels.sizes(),
              "cross_entropy_sum: labels must have the logits' shape but for the last dim: logits=", logits.sizes(),
              " labels=", labels.sizes());
  return at::cross_entropy_loss(logits.to(loss_dtype(logits)).flatten(0, -2), labels.flatten(), /*weight=*/{},
                                at::Reduction::Sum, kIgnoredLabel);
}

}  // namespace titan::ops
