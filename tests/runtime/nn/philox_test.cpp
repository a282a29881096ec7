#include "runtime/nn/philox.h"

#include <gtest/gtest.h>

#include "runtime/nn/normal_quantile.h"

namespace titan::nn {
namespace {

// Known answers published with the Random123 library (kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Known answers of 64-bit FNV-1a: the offset basis, and the published hash of "foobar".
TEST(HashName, GivesTheKnownAnswers) {
  EXPECT_EQ(hash_name(""), 0xcbf29ce484222325u);
  EXPECT_EQ(hash_name("foobar"), 0x85944171f73967e8u);
}

TEST(NormalQuantile, InvertsTheDistributionFunction) {
  for (double p = 1e-10; p < 1.0; p += 1e-4) {
    const double x = is_central(p) ? normal_quantile_centre(p) : normal_quantile_tail(p);
    EXPECT_NEAR(normal_cdf(x), p, 4e-16 + 1e-14 * p) << p;
  }
}

}  // namespace
}  // namespace titan::nn
