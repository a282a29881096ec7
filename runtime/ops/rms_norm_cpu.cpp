#include "runtime/ops/rms_norm_cpu.h"

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace titan::ops {
namespace {

constexpr int64_t kGrain = 1 << 15;  // elements that are worth a thread
constexpr int64_t kMaxBlocks = 32;   // the weight gradient is summed per block of rows, then over blocks

int64_t grain_rows(int64_t row_size) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, row_size)); }

at::TensorOptions wide_options(const at::Tensor& x) {
  return x.options().dtype(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

template <class scalar_t, class wide_t>
wide_t normalise_row(const scalar_t* x, const scalar_t* weight, scalar_t* out, int64_t size, wide_t eps) {
  wide_t squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < size; ++i) squares += static_cast<wide_t>(x[i]) * static_cast<wide_t>(x[i]);
  const wide_t rstd = 1 / std::sqrt(squares / static_cast<wide_t>(size) + eps);
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    out[i] = static_cast<scalar_t>(static_cast<wide_t>(x[i]) * rstd * static_cast<wide_t>(weight[i]));
  }
  return rstd;
}

/// With y = x · rstd: grad_x = rstd (g w - y mean(g w y)), grad_weight += g y.
template <class scalar_t, class wide_t>
void backward_row(const scalar_t* grad_out, const scalar_t* x, const scalar_t* weight, wide_t rstd, scalar_t* grad_x,
                  wide_t* grad_weight, int64_t size) {
  wide_t projection = 0;
#pragma omp simd reduction(+ : projection)
  for (int64_t i = 0; i < size; ++i) {
    const wide_t g = grad_out[i], y = static_cast<wide_t>(x[i]) * rstd;
    projection += g * static_cast<wide_t>(weight[i]) * y;
    grad_weight[i] += g * y;
  }
  const wide_t mean = projection / static_cast<wide_t>(size);
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const wide_t g = grad_out[i], y = static_cast<wide_t>(x[i]) * rstd;
    grad_x[i] = static_cast<scalar_t>(rstd * (g * static_cast<wide_t>(weight[i]) - y * mean));
  }
}

}  // namespace

RmsNormResult rms_norm_cpu(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const int64_t size = weight.numel(), rows = size == 0 ? 0 : x.numel() / size;
  RmsNormResult result{at::empty_like(x), at::empty({rows}, wide_options(x))};
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, x.scalar_type(), "rms_norm", [&] {
    using wide_t = at::opmath_type<scalar_t>;
    const auto *in = x.const_data_ptr<scalar_t>(), *scale = weight.const_data_ptr<scalar_t>();
    auto* out = result.out.mutable_data_ptr<scalar_t>();
    auto* rstd = result.rstd.mutable_data_ptr<wide_t>();
    at::parallel_for(0, rows, grain_rows(size), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        rstd[row] = normalise_row<scalar_t, wide_t>(in + row * size, scale, out + row * size, size, eps);
      }
    });
  });
  return result;
}

RmsNormGradients rms_norm_backward_cpu(const at::Tensor& grad_out, const at::Tensor& x, const at::Tensor& weight,
                                       const at::Tensor& rstd) {
  const int64_t size = weight.numel(), rows = rstd.numel();
  const int64_t block_rows = std::max(grain_rows(size), (rows + kMaxBlocks - 1) / kMaxBlocks);
  const int64_t num_blocks = (rows + block_rows - 1) / block_rows;
  const auto grad_x = at::empty_like(x);
  const auto partial = at::zeros({num_blocks, size}, wide_options(x));
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, x.scalar_type(), "rms_norm_backward", [&] {
    using wide_t = at::opmath_type<scalar_t>;
    const auto *grad = grad_out.const_data_ptr<scalar_t>(), *in = x.const_data_ptr<scalar_t>(),
               *scale = weight.const_data_ptr<scalar_t>();
    const auto* inverse = rstd.const_data_ptr<wide_t>();
    auto* out = grad_x.mutable_data_ptr<scalar_t>();
    auto* sums = partial.mutable_data_ptr<wide_t>();
    at::parallel_for(0, num_blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin * block_rows; row < std::min(end * block_rows, rows); ++row) {
        const int64_t at = row * size;
        backward_row<scalar_t, wide_t>(grad + at, in + at, scale, inverse[row], out + at,
                                       sums + row / block_rows * size, size);
      }
    });
  });
  return {grad_x, partial.sum(0).to(weight.scalar_type())};
}

}  // namespace titan::ops
