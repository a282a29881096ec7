#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Exception.h>

#include <bit>
#include <cstdint>
#include <type_traits>

#include "runtime/ops/cpu_isa.h"

// Plain loops that the compiler turns into vector code once per instruction set. A loop is a function marked
// TITAN_VECTOR_LOOP; compiled_for<&loop>(isa) is its compiled form. Sources that use it want -O3 -fno-math-errno
// -fno-trapping-math.
#define TITAN_VECTOR_LOOP [[gnu::always_inline]] inline

namespace titan::ops {

template <auto loop>
struct CompiledLoop;

template <class Result, class... Args, Result (*loop)(Args...)>
struct CompiledLoop<loop> {
  static Result baseline(Args... args) { return loop(args...); }
#if defined(__x86_64__)
  [[gnu::target("arch=x86-64-v3")]] static Result avx2(Args... args) { return loop(args...); }
  [[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]] static Result avx512(Args... args) { return loop(args...); }
#endif
};

/// Gives the form of `loop` for an instruction set.
template <auto loop>
auto compiled_for(CpuIsa isa) {
#if defined(__x86_64__)
  if (isa == CpuIsa::avx512) return &CompiledLoop<loop>::avx512;
  if (isa == CpuIsa::avx2) return &CompiledLoop<loop>::avx2;
#endif
  return &CompiledLoop<loop>::baseline;
}

/// Gives the form of `loop` for this processor.
template <auto loop>
auto compiled_here() {
  static const auto compiled = compiled_for<loop>(best_cpu_isa());
  return compiled;
}

/// What elements of type T are computed in.
template <class T>
using MathOf = std::conditional_t<std::is_same_v<T, double>, double, float>;

TITAN_VECTOR_LOOP float load(float x) { return x; }
TITAN_VECTOR_LOOP double load(double x) { return x; }
TITAN_VECTOR_LOOP float load(c10::BFloat16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.x) << 16); }

TITAN_VECTOR_LOOP void store(float& to, float x) { to = x; }
TITAN_VECTOR_LOOP void store(double& to, double x) { to = x; }
TITAN_VECTOR_LOOP void store(c10::BFloat16& to, float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;  // to nearest, ties to even
  to.x = static_cast<uint16_t>(x != x ? 0x7fc0U : rounded);
}

/// Calls `call` with a value of the element type that `dtype` names; `operation` begins the message about others.
template <class Call>
void for_element_type(const char* operation, c10::ScalarType dtype, const Call& call) {
  if (dtype == c10::ScalarType::Float) return call(float());
  if (dtype == c10::ScalarType::BFloat16) return call(c10::BFloat16());
  if (dtype == c10::ScalarType::Double) return call(double());
  TORCH_CHECK(false, operation, ": elements must be float32, bfloat16 or float64: dtype=", dtype);
}

}  // namespace titan::ops
