#include "tests/runtime/comm/test_tensors.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <random>

namespace titan::test {

at::Tensor random_tensor(uint64_t seed, const std::vector<int64_t>& sizes, at::ScalarType dtype) {
  const at::Tensor values = at::empty(sizes, at::kDouble);
  std::mt19937_64 random(seed * 7919 + 17);
  const bool integral = c10::isIntegralType(dtype, /*includeBool=*/true);
  std::uniform_real_distribution<double> uniform(integral ? 0.0 : -1.0, integral ? 30.0 : 1.0);
  double* data = values.mutable_data_ptr<double>();
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = uniform(random);
  return values.to(dtype);
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  if (a.numel() == 0) return true;
  return std::memcmp(a.contiguous().const_data_ptr(), b.contiguous().const_data_ptr(), a.nbytes()) == 0;
}

at::Tensor sum_in_order(const std::vector<at::Tensor>& tensors) {
  const at::ScalarType dtype = tensors[0].scalar_type();
  const bool low = dtype == at::kHalf || dtype == at::kBFloat16;
  at::Tensor sum = tensors[0].to(low ? at::kFloat : dtype);
  for (size_t i = 1; i < tensors.size(); ++i) sum = sum + tensors[i].to(sum.scalar_type());
  return sum.to(dtype);
}

}  // namespace titan::test
