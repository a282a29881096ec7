// Compiled with -ffp-contract=off (CMakeLists.txt), so that the results are the same for every instruction set.
#include "runtime/optim/cpu_kernels.h"

#include <cmath>

#include "runtime/ops/vector_loops.h"

namespace titan::optim {
namespace {

using ops::load;
using ops::store;

template <class Value, class Grad>
TITAN_VECTOR_LOOP void adam(const AdamPointers& pointers, int64_t begin, int64_t end, const AdamScalars& s) {
  using Math = ops::MathOf<Value>;
  auto* __restrict value = static_cast<Value*>(pointers.value);
  const auto* __restrict grad = static_cast<const Grad*>(pointers.grad);
  auto* __restrict exp_avg = static_cast<Value*>(pointers.exp_avg);
  auto* __restrict exp_avg_sq = static_cast<Value*>(pointers.exp_avg_sq);
  const Math beta2 = s.beta2, eps = s.eps, sq_weight = s.exp_avg_sq_weight;
  const Math grad_decay = s.grad_decay, value_factor = s.value_factor, step_size = s.step_size;
  const Math correction = s.bias_correction2_sqrt;
  const bool decays_grad = s.grad_decay != 0.0;
  // From the nearer end, so that a weight of 1 gives the gradient itself.
  const bool from_average = s.exp_avg_weight < 0.5;
  const Math weight = from_average ? s.exp_avg_weight : s.exp_avg_weight - 1.0;

  for (int64_t i = begin; i < end; ++i) {
    Math x = load(value[i]);
    Math g = load(grad[i]);
    g = decays_grad ? g + grad_decay * x : g;
    x *= value_factor;
    const Math old_average = load(exp_avg[i]);
    const Math m = (from_average ? old_average : g) + weight * (g - old_average);
    const Math v = load(exp_avg_sq[i]) * beta2 + sq_weight * g * g;
    store(exp_avg[i], m);
    store(exp_avg_sq[i], v);
    store(value[i], x - step_size * m / (std::sqrt(v) / correction + eps));
  }
}

/// Sixteen running sums keep the order of summation, and so the result, the same for every vector width.
template <class T>
TITAN_VECTOR_LOOP double sum_of_squares(const void* elements, int64_t count) {
  constexpr int kLanes = 16;
  const auto* __restrict x = static_cast<const T*>(elements);
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const double element = load(x[i + lane]);
      lanes[lane] += element * element;
    }
  }
  for (; i < count; ++i) {
    const double element = load(x[i]);
    lanes[i % kLanes] += element * element;
  }
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

template <class Value, class Grad>
AdamKernel compiled_adam(CpuIsa isa) {
  return ops::compiled_for<&adam<Value, Grad>>(isa);
}

}  // namespace

AdamKernel find_adam_kernel(c10::ScalarType value, c10::ScalarType grad, CpuIsa isa) {
  using c10::ScalarType;
  if (value == ScalarType::Double && grad == value) return compiled_adam<double, double>(isa);
  if (value == ScalarType::Double && grad == ScalarType::Float) return compiled_adam<double, float>(isa);
  if (value == ScalarType::Float && grad == value) return compiled_adam<float, float>(isa);
  if (value == ScalarType::BFloat16 && grad == value) return compiled_adam<c10::BFloat16, c10::BFloat16>(isa);
  if (value == ScalarType::BFloat16 && grad == ScalarType::Float) return compiled_adam<c10::BFloat16, float>(isa);
  return nullptr;
}

SumOfSquaresKernel find_sum_of_squares_kernel(c10::ScalarType dtype, CpuIsa isa) {
  if (dtype == c10::ScalarType::Double) return ops::compiled_for<&sum_of_squares<double>>(isa);
  if (dtype == c10::ScalarType::Float) return ops::compiled_for<&sum_of_squares<float>>(isa);
  if (dtype == c10::ScalarType::BFloat16) return ops::compiled_for<&sum_of_squares<c10::BFloat16>>(isa);
  return nullptr;
}

}  // namespace titan::optim
