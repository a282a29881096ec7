#include "validate/divergence/comparison.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace titan::validate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Elements that are alike need no number: NaN facing NaN, infinity facing itself.
at::Tensor distances(const at::Tensor& actual, const at::Tensor& reference) {
  const auto alike = actual.eq(reference).logical_or_(actual.isnan().logical_and_(reference.isnan()));
  const auto distance = (actual - reference).abs_();
  return distance.masked_fill(distance.isnan(), kInfinity).masked_fill(alike, 0.0);
}

}  // namespace

double root_mean_square(const at::Tensor& tensor, platform::Platform& platform) {
  if (tensor.numel() == 0) return 0.0;
  const auto values = tensor.to(at::kDouble);
  return platform.read(values.masked_fill(at::isfinite(values).logical_not_(), 0.0).square_().mean().sqrt_(), 0.0);
}

Difference compare(const at::Tensor& actual, const at::Tensor& reference, double scale, const Tolerance& tolerance,
                   platform::Platform& platform) {
  TORCH_CHECK(actual.sizes() == reference.sizes(), "compare: shapes must be equal: actual=", actual.sizes(),
              " reference=", reference.sizes());
  if (actual.numel() == 0) return {};
  const auto a = actual.detach().to(at::kDouble).flatten(), b = reference.detach().to(at::kDouble).flatten();
  const auto distance = distances(a, b);
  const auto index = static_cast<int64_t>(platform.read(distance.argmax(), 0.0));
  Difference difference{.index = index,
                        .value = platform.read(a.select(0, index), 0.0),
                        .reference = platform.read(b.select(0, index), 0.0)};
  const double distance_norm = platform.read(distance.norm(), 0.0);
  if (distance_norm == 0.0) return difference;
  const double reference_norm = platform.read(b.norm(), 0.0);
  const double least = tolerance.epsilon * scale / tolerance.relative * std::sqrt(static_cast<double>(a.numel()));
  const double denominator = std::isfinite(reference_norm) ? std::max(reference_norm, least) : least;
  difference.error = denominator == 0.0 ? kInfinity : distance_norm / denominator;
  return difference;
}

}  // namespace titan::validate
