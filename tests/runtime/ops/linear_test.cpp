#include "runtime/ops/linear.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>
#include <map>

#include "runtime/ops/matmul.h"
#include "tests/runtime/ops/gradients.h"

namespace titan::ops {
namespace {

const TensorFunction kOurs = [](const auto& in) { return ops::linear(in[0], in[1]); };
const TensorFunction kTheirs = [](const auto& in) { return at::linear(in[0], in[1]); };

// 4 · 64 rows by 192 by 160 is 7.9 million multiply-adds, so that float32 takes the way of large products. Rounding:
// sums of 256 terms in float32, results rounded to 8 bits in bfloat16.
TEST(Linear, EqualsTheLibrarysWithGradients) {
  for (const auto& [dtype, tolerance] : {std::pair{at::kFloat, 2e-6}, {at::kDouble, 1e-14}, {at::kBFloat16, 2e-2}}) {
    const std::vector<at::Tensor> in{at::randn({4, 64, 192}).to(dtype), at::randn({160, 192}).to(dtype)};
    const auto out = ops::linear(in[0], in[1]);
    EXPECT_EQ(out.scalar_type(), dtype);
    EXPECT_LT(relative_error(out, at::linear(in[0], in[1])), tolerance) << dtype;
    const auto ours = gradients(kOurs, in), theirs = gradients(kTheirs, in);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(ours[i].scalar_type(), dtype);
      EXPECT_LT(relative_error(ours[i], theirs[i]), tolerance) << dtype << " " << i;
    }
    EXPECT_TRUE(ours[1].is_contiguous());
  }
}

TEST(Linear, TakesAnyStridesAndNoRows) {
  const auto x = at::randn({5, 3, 7}).transpose(0, 1), weight = at::randn({7, 4}).t();
  EXPECT_LT(relative_error(ops::linear(x, weight), at::linear(x, weight)), 1e-6);
  EXPECT_EQ(ops::linear(at::randn({0, 7}), weight).sizes(), at::IntArrayRef({0, 4}));
}

TEST(Linear, GivesNoGradientThatNobodyAskedFor) {
  const auto x = at::randn({3, 7}), weight = at::randn({4, 7}).requires_grad_(true);
  ops::linear(x, weight).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
}

TEST(Linear, RefusesSizesThatDoNotMeet) { EXPECT_THROW(ops::linear(at::randn({3, 7}), at::randn({4, 8})), c10::Error); }

// Every combination of row- and column-major factors, on both sides of the threshold and of each order of sizes.
TEST(Matmul, EqualsTheExactProductForAllStrides) {
  const auto random = [](int64_t rows, int64_t columns, bool transposed) {
    return transposed ? at::randn({columns, rows}).t() : at::randn({rows, columns});
  };
  for (const auto& [m, k, n] : {std::tuple{8, 16, 4}, {300, 200, 100}, {100, 200, 300}}) {
    for (int strides = 0; strides < 4; ++strides) {
      const auto a = random(m, k, strides & 1), b = random(k, n, strides & 2);
      const auto product = ops::matmul(a, b);
      EXPECT_TRUE(product.is_contiguous());
      EXPECT_LT(relative_error(product, at::mm(a.to(at::kDouble), b.to(at::kDouble))), 2e-6) << m << " " << strides;
    }
  }
}

double fastest_of_three(const std::function<at::Tensor()>& product) {
  double fastest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    product();
    fastest = std::min(fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return fastest;
}

// oneDNN has layouts that it multiplies element by element, a thousand times slower. No layout may be one of them: 20
// leaves room for what else the machine does.
TEST(Matmul, HasNoLayoutThatTakesVeryMuchLonger) {
  const auto a = at::randn({256, 256}), wide = at::randn({256, 512});
  const std::map<std::string, at::Tensor> layouts{
      {"left columns", wide.narrow(1, 0, 256)},
      {"left columns transposed", wide.narrow(1, 0, 256).t()},
      {"every other column", wide.slice(1, 0, 512, 2)},
      {"one row repeated", a.narrow(0, 0, 1).expand({256, 256})},
      {"one number repeated", a.narrow(0, 0, 1).narrow(1, 0, 1).expand({256, 256})}};
  for (const auto& [name, b] : layouts) {
    const double library_s = fastest_of_three([&] { return at::mm(a, b); });
    EXPECT_LT(fastest_of_three([&] { return ops::matmul(a, b); }), 20 * library_s) << "right factor: " << name;
    EXPECT_LT(fastest_of_three([&] { return ops::matmul(b, a); }), 20 * library_s) << "left factor: " << name;
    EXPECT_LT(relative_error(ops::matmul(a, b), at::mm(a.to(at::kDouble), b.to(at::kDouble))), 2e-6) << name;
  }
}

}  // namespace
}  // namespace titan::ops
