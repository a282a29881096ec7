#include "runtime/nn/rms_norm.h"

#include "runtime/ops/fused/rms_norm.h"
#include "runtime/ops/rms_norm.h"

namespace titan::nn {

RMSNorm::RMSNorm(Module* parent, const std::string& name, int64_t dim, double eps)
    : Module(parent, name), weight_(add_parameter("weight", {dim}, InitRule::constant(1.0))), eps_(eps) {}

at::Tensor RMSNorm::forward(const at::Tensor& x) const {
  const auto norm = is_fused() ? ops::fused_rms_norm : ops::rms_norm;
  return leave(norm(enter(x), weight_.value, eps_));
}

RMSNorm::AddResult RMSNorm::forward_sum(const at::Tensor& x, const at::Tensor& y) const {
  if (!is_fused() || has_input_hook()) {
    const auto sum = x.add(y);
    return {.sum = sum, .normed = forward(sum)};
  }
  auto [sum, normed] = ops::fused_add_rms_norm(x, y, weight_.value, eps_);
  return {.sum = std::move(sum), .normed = leave(normed)};
}

}  // namespace titan::nn
