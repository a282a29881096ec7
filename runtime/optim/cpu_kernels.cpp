// Compiled with -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math (CMakeLists.txt): plain loops that the
// compiler turns into vector code once per instruction set.
#include "runtime/optim/cpu_kernels.h"

#include <c10/util/BFloat16.h>

#include <bit>
#include <cmath>
#include <type_traits>

namespace titan::optim {
namespace {

#define TITAN_INLINE [[gnu::always_inline]] inline

TITAN_INLINE float load(float x) { return x; }
TITAN_INLINE double load(double x) { return x; }
TITAN_INLINE float load(c10::BFloat16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.x) << 16); }

TITAN_INLINE void store(float& to, float x) { to = x; }
TITAN_INLINE void store(double& to, double x) { to = x; }
TITAN_INLINE void store(c10::BFloat16& to, float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;  // to nearest, ties to even
  to.x = static_cast<uint16_t>(x != x ? 0x7fc0U : rounded);
}

template <class Value, class Grad>
TITAN_INLINE void adam(const AdamPointers& pointers, int64_t begin, int64_t end, const AdamScalars& s) {
  using Math = std::conditional_t<std::is_same_v<Value, double>, double, float>;
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
TITAN_INLINE double sum_of_squares(const void* elements, int64_t count) {
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

/// The kernels of one instruction set.
#define TITAN_KERNELS(Name, TARGET)                                                                           \
  struct Name {                                                                                               \
    template <class Value, class Grad>                                                                        \
    TARGET static void adam_kernel(const AdamPointers& p, int64_t begin, int64_t end, const AdamScalars& s) { \
      adam<Value, Grad>(p, begin, end, s);                                                                    \
    }                                                                                                         \
    template <class T>                                                                                        \
    TARGET static double sum_of_squares_kernel(const void* elements, int64_t count) {                         \
      return sum_of_squares<T>(elements, count);                                                              \
    }                                                                                                         \
  }

TITAN_KERNELS(Baseline, );
#if defined(__x86_64__)
TITAN_KERNELS(Avx2, [[gnu::target("arch=x86-64-v3")]]);
TITAN_KERNELS(Avx512, [[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]]);
#endif

template <class Kernels>
AdamKernel adam_of(c10::ScalarType value, c10::ScalarType grad) {
  using c10::ScalarType;
  if (value == ScalarType::Double && grad == value) return Kernels::template adam_kernel<double, double>;
  if (value == ScalarType::Double && grad == ScalarType::Float) return Kernels::template adam_kernel<double, float>;
  if (value == ScalarType::Float && grad == value) return Kernels::template adam_kernel<float, float>;
  if (value == ScalarType::BFloat16 && grad == value) {
    return Kernels::template adam_kernel<c10::BFloat16, c10::BFloat16>;
  }
  if (value == ScalarType::BFloat16 && grad == ScalarType::Float) {
    return Kernels::template adam_kernel<c10::BFloat16, float>;
  }
  return nullptr;
}

template <class Kernels>
SumOfSquaresKernel sum_of_squares_of(c10::ScalarType dtype) {
  if (dtype == c10::ScalarType::Double) return Kernels::template sum_of_squares_kernel<double>;
  if (dtype == c10::ScalarType::Float) return Kernels::template sum_of_squares_kernel<float>;
  if (dtype == c10::ScalarType::BFloat16) return Kernels::template sum_of_squares_kernel<c10::BFloat16>;
  return nullptr;
}

}  // namespace

AdamKernel find_adam_kernel(c10::ScalarType value, c10::ScalarType grad, CpuIsa isa) {
#if defined(__x86_64__)
  if (isa == CpuIsa::avx512) return adam_of<Avx512>(value, grad);
  if (isa == CpuIsa::avx2) return adam_of<Avx2>(value, grad);
#endif
  return adam_of<Baseline>(value, grad);
}

SumOfSquaresKernel find_sum_of_squares_kernel(c10::ScalarType dtype, CpuIsa isa) {
#if defined(__x86_64__)
  if (isa == CpuIsa::avx512) return sum_of_squares_of<Avx512>(dtype);
  if (isa == CpuIsa::avx2) return sum_of_squares_of<Avx2>(dtype);
#endif
  return sum_of_squares_of<Baseline>(dtype);
}

}  // namespace titan::optim
