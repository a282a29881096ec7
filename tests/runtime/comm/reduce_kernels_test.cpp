#include "runtime/comm/reduce_kernels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/runtime/comm/test_tensors.h"

namespace titan::test {
namespace {

using comm::ReduceOp;

at::Tensor reduce(ReduceOp op, const std::vector<at::Tensor>& inputs) {
  const at::Tensor out = at::empty_like(inputs[0]);
  std::vector<const void*> pointers;
  for (const at::Tensor& input : inputs) pointers.push_back(input.const_data_ptr());
  comm::reduce(out.scalar_type(), op, pointers, out.mutable_data_ptr(), out.numel());
  return out;
}

TEST(Reduce, AgreesWithAtenForEveryOpAndDtype) {
  for (const auto dtype :
       {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kByte, at::kChar, at::kShort, at::kInt, at::kLong}) {
    std::vector<at::Tensor> inputs;
    for (int i = 0; i < 3; ++i) inputs.push_back(random_tensor(i, {2500}, dtype));
    const at::Tensor stacked = at::stack(inputs);
    EXPECT_TRUE(same_bits(reduce(ReduceOp::sum, inputs), sum_in_order(inputs))) << dtype;
    EXPECT_TRUE(same_bits(reduce(ReduceOp::max, inputs), stacked.amax(0))) << dtype;
    EXPECT_TRUE(same_bits(reduce(ReduceOp::min, inputs), stacked.amin(0))) << dtype;
  }
}

TEST(Reduce, RoundsLowPrecisionSumsOnce) {
  // bfloat16 has 8 significant bits, so between 256 and 512 it knows even numbers only. Rounding every step would leave
  // 256; the exact sum 259 lies between 258 and 260 and goes to 260, whose last bit is even.
  const auto value = [](double v) { return at::full({3}, v, at::kBFloat16); };
  EXPECT_EQ(reduce(ReduceOp::sum, {value(256), value(1), value(1), value(1)})[0].item().toDouble(), 260);
}

TEST(Reduce, AveragesInTheAccumulator) {
  // 60000 + 60000 overflows float16 (largest 65504), their mean does not.
  const at::Tensor large = at::full({2}, 60000.0, at::kHalf);
  EXPECT_TRUE(same_bits(reduce(ReduceOp::avg, {large, large}), large));
}

TEST(Reduce, HandsOnNanWhicheverRankHasIt) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::avg, ReduceOp::max, ReduceOp::min}) {
    for (int holder = 0; holder < 3; ++holder) {
      std::vector<at::Tensor> inputs;
      for (int i = 0; i < 3; ++i) inputs.push_back(at::full({1}, i == holder ? nan : i));
      EXPECT_TRUE(std::isnan(reduce(op, inputs).item().toDouble())) << holder;
    }
  }
}

TEST(Reduce, MayWriteOverAnInput) {
  const at::Tensor a = random_tensor(1, {5000}), b = random_tensor(2, {5000});
  const at::Tensor expected = sum_in_order({a, b});
  comm::reduce(at::kFloat, ReduceOp::sum, {a.const_data_ptr(), b.const_data_ptr()}, a.mutable_data_ptr(), a.numel());
  EXPECT_TRUE(same_bits(a, expected));
}

TEST(Reduce, TreatsBoolAsAnyAndAll) {
  const auto value = [](bool v) { return at::full({1}, v, at::kBool); };
  EXPECT_TRUE(reduce(ReduceOp::max, {value(false), value(true)}).item().toBool());
  EXPECT_FALSE(reduce(ReduceOp::min, {value(false), value(true)}).item().toBool());
}

}  // namespace
}  // namespace titan::test
