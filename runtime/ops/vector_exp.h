#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "runtime/ops/vector_loops.h"

namespace titan::ops {

/// Gives eˣ to 1 ulp in code without branches or calls, which loops over it vectorise. Results below the smallest
/// normal number are 0.
TITAN_VECTOR_LOOP float exponential(float x) {
  constexpr float kLargest = 88.7228317F, kSmallest = -87.3365448F;  // logarithms of the ends of the normal numbers
  constexpr float kShift = 12582912.0F;  // 1.5 · 2²³: adding it leaves the rounded integer in the low bits
  constexpr float kLog2e = 1.44269504F, kLn2High = 0.693115234F, kLn2Low = 3.19461850e-5F;
  const float shifted = x * kLog2e + kShift;
  const float power = shifted - kShift;
  const float r = (x - power * kLn2High) - power * kLn2Low;  // |r| <= ln(2) / 2
  // 1 + r + r² q(r), q by Remez' exchange for the least relative error of the whole: 3.1e-9.
  float q = 1.38145401e-3F;
  q = q * r + 8.36874511e-3F;
  q = q * r + 4.16683908e-2F;
  q = q * r + 1.66665204e-1F;
  q = q * r + 4.99999934e-1F;
  const float mantissa = 1.0F + (r + r * r * q);
  const uint32_t exponent = std::bit_cast<uint32_t>(shifted) << 23;
  float result = std::bit_cast<float>(std::bit_cast<uint32_t>(mantissa) + exponent);
  result = x < kSmallest ? 0.0F : result;
  result = x > kLargest ? std::numeric_limits<float>::infinity() : result;
  return x != x ? x : result;
}

/// The library's, one element at a time: float64 runs are for tests.
TITAN_VECTOR_LOOP double exponential(double x) { return std::exp(x); }

}  // namespace titan::ops
