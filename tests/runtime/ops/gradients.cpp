#include "tests/runtime/ops/gradients.h"

#include <ATen/ops/arange.h>
#include <torch/csrc/autograd/autograd.h>

namespace titan::ops {
namespace {

at::Tensor weighted_sum(const at::Tensor& out) {
  const auto weights =
      at::arange(1, out.numel() + 1, out.options().dtype(at::kDouble)).mul(1.7).cos().to(at::kBFloat16).to(at::kDouble);
  return out.to(at::kDouble).flatten().dot(weights);
}

}  // namespace

std::vector<at::Tensor> gradients(const TensorFunction& function, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> leaves;
  for (const auto& input : inputs) leaves.push_back(input.detach().requires_grad_(true));
  return torch::autograd::grad({weighted_sum(function(leaves))}, leaves);
}

double finite_difference_error(const TensorFunction& function, const std::vector<at::Tensor>& inputs) {
  constexpr double kStep = 1e-6;
  double worst = 0.0;
  const auto analytic = gradients(function, inputs);
  for (size_t which = 0; which < inputs.size(); ++which) {
    for (int64_t i = 0; i < inputs[which].numel(); ++i) {
      const auto value_at = [&](double offset) {
        auto moved = inputs;
        moved[which] = inputs[which].clone();
        moved[which].view(-1)[i].add_(offset);
        return weighted_sum(function(moved)).item<double>();
      };
      const double numeric = (value_at(kStep) - value_at(-kStep)) / (2 * kStep);
      worst = std::max(worst, std::abs(numeric - analytic[which].reshape(-1)[i].item<double>()));
    }
  }
  return worst;
}

double norm_error(const at::Tensor& a, const at::Tensor& b) {
  const auto left = a.detach().to(at::kDouble), right = b.detach().to(at::kDouble);
  const double difference = left.sub(right).norm().item<double>(), size = right.norm().item<double>();
  return difference == 0.0 ? 0.0 : difference / size;
}

double relative_error(const at::Tensor& a, const at::Tensor& b) {
  const auto left = a.detach().to(at::kDouble), right = b.detach().to(at::kDouble);
  return left.sub(right).abs().max().item<double>() / right.abs().max().item<double>();
}

}  // namespace titan::ops
