#include "runtime/ops/vector_exp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace titan::ops {
namespace {

TITAN_VECTOR_LOOP void exponentials(const float* x, float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = exponential(x[i]);
}

std::vector<float> exponentials_of(const std::vector<float>& x, CpuIsa isa) {
  std::vector<float> out(x.size());
  compiled_for<&exponentials>(isa)(x.data(), out.data(), static_cast<int64_t>(x.size()));
  return out;
}

double ulps(float value, double exact) {
  const float nearest = static_cast<float>(exact);
  const double ulp = std::nextafter(nearest, std::numeric_limits<float>::infinity()) - static_cast<double>(nearest);
  return std::abs(value - exact) / ulp;
}

// Every 37th float32 of either sign whose result is a normal number: 46 million would be all of the upper octaves'
// twice.
TEST(Exponential, IsWithinOneUlpOnEveryInstructionSet) {
  std::vector<float> x;
  for (const uint32_t sign : {0U, 0x80000000U}) {
    const uint32_t last = std::bit_cast<uint32_t>(sign == 0 ? 88.7228F : 87.3365F);
    for (uint32_t bits = 0x33000000U; bits <= last; bits += 37) x.push_back(std::bit_cast<float>(sign | bits));
  }
  for (const CpuIsa isa : supported_cpu_isas()) {
    const auto out = exponentials_of(x, isa);
    double worst = 0.0;
    for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(out[i], std::exp(static_cast<double>(x[i]))));
    EXPECT_LT(worst, 1.0) << static_cast<int>(isa);
  }
}

TEST(Exponential, KeepsTheEndsOfItsRange) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{0.0F, -0.0F, 1e-30F, 88.7F, 88.8F, 1000.0F, kInfinity, -88.0F, -1000.0F, -kInfinity};
  for (const CpuIsa isa : supported_cpu_isas()) {
    const auto out = exponentials_of(x, isa);
    EXPECT_EQ(std::vector<float>(out.begin(), out.begin() + 3), std::vector<float>(3, 1.0F));
    EXPECT_LT(out[3], kInfinity);
    EXPECT_EQ(std::vector<float>(out.begin() + 4, out.begin() + 7), std::vector<float>(3, kInfinity));
    EXPECT_EQ(std::vector<float>(out.begin() + 7, out.end()), std::vector<float>(3, 0.0F));
    for (const uint32_t bits : {0x7fc00000U, 0xffc00000U, 0x7fc00001U, 0x7fffffffU}) {
      EXPECT_TRUE(std::isnan(exponentials_of({std::bit_cast<float>(bits)}, isa)[0])) << bits;
    }
  }
}

}  // namespace
}  // namespace titan::ops
