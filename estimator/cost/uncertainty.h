#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace titan::cost {

/// What can be wrong about a prediction. Each is one number that is wrong everywhere at once: if the matmul rate is too
/// high, it is so for every matmul. Sources are independent of each other.
enum class ErrorSource : uint8_t {
  part,       // this GPU, this run: clocks, temperature, placement
  gemm,       // matmul rate
  attention,  // attention rate
  memory,     // bandwidth of device memory
  kernel,     // fixed time of kernels
  link,       // bandwidth inside a node
  network,    // bandwidth between nodes
  latency,    // fixed times of communication
  host,       // time to issue work
};
inline constexpr size_t kNumErrorSources = 9;

std::string_view to_string(ErrorSource source);

/// One number per error source.
using PerSource = std::array<double, kNumErrorSources>;

/// How far each source is off, in standard deviations: the argument of a cost model. All zero: the best estimate.
/// Duration of a part with relative standard deviation s under source i is multiplied by exp(s * deviations[i]).
struct Deviations {
  PerSource sigmas = {};

  double operator[](ErrorSource source) const { return sigmas[static_cast<size_t>(source)]; }
  /// exp(relative_sd * deviation): what multiplies a time.
  double factor(ErrorSource source, double relative_sd) const;

  static Deviations one(ErrorSource source, double sigmas);
};

/// Change of the logarithm of a result when one source is one standard deviation slower, and faster.
struct Sensitivity {
  PerSource slower = {};
  PerSource faster = {};
};

struct Interval {
  double low = 0, high = 0;
};

/// Evaluates a result (a step time) at the best estimate and with every source moved by one standard deviation either
/// way: 2 * kNumErrorSources + 1 evaluations. What is hidden behind other work has no effect, what is exposed has all
/// of it; so `evaluate` should replay the trace, not add up costs. The result must be positive.
struct Propagation {
  double value = 0;
  Sensitivity sensitivity;
};
Propagation propagate(const std::function<double(const Deviations&)>& evaluate);

/// The central interval that holds the result with probability `level` (0.8), from independent normal sources and the
/// result log-linear in each: log-changes add in squares, up and down apart.
Interval interval(const Propagation& propagation, double level);

/// The number that a standard normal variable stays below with probability p.
double normal_quantile(double p);

}  // namespace titan::cost
