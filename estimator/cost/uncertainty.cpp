#include "estimator/cost/uncertainty.h"

#include <algorithm>
#include <cmath>

#include "runtime/config/check.h"

namespace titan::cost {

std::string_view to_string(ErrorSource source) {
  constexpr std::array<std::string_view, kNumErrorSources> kNames = {"part", "gemm",    "attention", "memory", "kernel",
                                                                     "link", "network", "latency",   "host"};
  return kNames[static_cast<size_t>(source)];
}

double Deviations::factor(ErrorSource source, double relative_sd) const {
  return std::exp(relative_sd * (*this)[source]);
}

Deviations Deviations::one(ErrorSource source, double sigmas) {
  Deviations deviations;
  deviations.sigmas[static_cast<size_t>(source)] = sigmas;
  return deviations;
}

Propagation propagate(const std::function<double(const Deviations&)>& evaluate) {
  Propagation result;
  result.value = evaluate({});
  config::check(result.value > 0 && std::isfinite(result.value),
                "propagate: the result must be positive: ", result.value);
  for (size_t i = 0; i < kNumErrorSources; ++i) {
    const auto source = static_cast<ErrorSource>(i);
    result.sensitivity.slower[i] = std::log(evaluate(Deviations::one(source, 1.0)) / result.value);
    result.sensitivity.faster[i] = std::log(evaluate(Deviations::one(source, -1.0)) / result.value);
  }
  return result;
}

Interval interval(const Propagation& propagation, double level) {
  config::check(level > 0 && level < 1, "interval: level must be between 0 and 1: ", level);
  double up = 0, down = 0;
  for (size_t i = 0; i < kNumErrorSources; ++i) {
    const double slower = propagation.sensitivity.slower[i], faster = propagation.sensitivity.faster[i];
    const double most = std::max({slower, faster, 0.0}), least = std::min({slower, faster, 0.0});
    up += most * most;
    down += least * least;
  }
  const double deviations = normal_quantile(0.5 + level / 2);
  return {.low = propagation.value * std::exp(-deviations * std::sqrt(down)),
          .high = propagation.value * std::exp(deviations * std::sqrt(up))};
}

double normal_quantile(double p) {
  config::check(p > 0 && p < 1, "normal_quantile: p must be between 0 and 1: ", p);
  double low = -40, high = 40;
  for (int i = 0; i < 200 && high - low > 1e-13; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace titan::cost
