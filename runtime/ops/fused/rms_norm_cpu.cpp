#include "runtime/ops/fused/rms_norm_cpu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "runtime/ops/vector_loops.h"

namespace titan::ops {
namespace {

constexpr int64_t kGrain = 1 << 14;   // elements that are worth a thread: about 5 us
constexpr int64_t kMaxBlocks = 32;    // the weight gradient is summed per block of rows, then over blocks
constexpr int64_t kColumnGrain = 64;  // columns of that second sum that are worth a thread

int64_t grain_rows(int64_t row_size) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, row_size)); }

at::TensorOptions math_options(const at::Tensor& x) {
  return x.options().dtype(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

/// Rows [begin, end) of contiguous matrices.
template <class T>
struct NormRows {
  const T *x, *y, *weight;  // y: nullptr for a norm without a sum
  T *sum, *out;
  MathOf<T>* rstd;
  int64_t size;
  MathOf<T> eps;
};

template <class T>
TITAN_VECTOR_LOOP void add_row(const T* __restrict x, const T* __restrict y, T* __restrict sum, int64_t size) {
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) store(sum[i], load(x[i]) + load(y[i]));
}

template <class T>
TITAN_VECTOR_LOOP MathOf<T> squares_of_row(const T* __restrict x, int64_t size) {
  MathOf<T> squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < size; ++i) squares += load(x[i]) * load(x[i]);
  return squares;
}

template <class T>
TITAN_VECTOR_LOOP void normalise_rows(const NormRows<T>& rows, int64_t begin, int64_t end) {
  const int64_t size = rows.size;
  const T* __restrict weight = rows.weight;
  for (int64_t row = begin; row < end; ++row) {
    const bool adds = rows.y != nullptr;
    if (adds) add_row(rows.x + row * size, rows.y + row * size, rows.sum + row * size, size);
    const T* __restrict x = (adds ? rows.sum : rows.x) + row * size;
    T* __restrict out = rows.out + row * size;
    const MathOf<T> rstd = 1 / std::sqrt(squares_of_row(x, size) / static_cast<MathOf<T>>(size) + rows.eps);
    rows.rstd[row] = rstd;
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) store(out[i], load(x[i]) * rstd * load(weight[i]));
  }
}

template <class T>
struct NormBackwardRows {
  const T *grad_out, *grad_sum, *x, *weight;  // grad_sum: nullptr for none
  const MathOf<T>* rstd;
  T* grad_x;
  int64_t size, num_rows, block_rows;
  MathOf<T>* block_sums;  // [blocks, size], zeros
};

/// Adds g y to grad_weight, with y = x · rstd, and returns mean(g w y).
template <class T>
TITAN_VECTOR_LOOP MathOf<T> project_row(const T* __restrict grad, const T* __restrict x, const T* __restrict weight,
                                        MathOf<T> rstd, MathOf<T>* __restrict grad_weight, int64_t size) {
  MathOf<T> projection = 0;
#pragma omp simd reduction(+ : projection)
  for (int64_t i = 0; i < size; ++i) {
    const MathOf<T> product = load(grad[i]) * (load(x[i]) * rstd);
    projection += product * load(weight[i]);
    grad_weight[i] += product;
  }
  return projection / static_cast<MathOf<T>>(size);
}

/// Row by row grad_x = grad_sum + rstd (g w - y mean(g w y)), in blocks [begin, end) of rows.
template <class T>
TITAN_VECTOR_LOOP void norm_backward_blocks(const NormBackwardRows<T>& rows, int64_t begin, int64_t end) {
  const int64_t size = rows.size;
  const T* __restrict weight = rows.weight;
  for (int64_t row = begin * rows.block_rows; row < std::min(end * rows.block_rows, rows.num_rows); ++row) {
    const int64_t offset = row * size;
    const T* __restrict grad = rows.grad_out + offset, * __restrict x = rows.x + offset;
    T* __restrict grad_x = rows.grad_x + offset;
    const MathOf<T> rstd = rows.rstd[row];
    const MathOf<T> mean =
        project_row(grad, x, weight, rstd, rows.block_sums + row / rows.block_rows * size, size) * rstd;
    if (rows.grad_sum == nullptr) {
#pragma omp simd
      for (int64_t i = 0; i < size; ++i) {
        store(grad_x[i], rstd * (load(grad[i]) * load(weight[i]) - load(x[i]) * mean));
      }
    } else {
      const T* __restrict residual = rows.grad_sum + offset;
#pragma omp simd
      for (int64_t i = 0; i < size; ++i) {
        store(grad_x[i], load(residual[i]) + rstd * (load(grad[i]) * load(weight[i]) - load(x[i]) * mean));
      }
    }
  }
}

template <class T>
struct BlockSums {
  MathOf<T>* sums;  // [blocks, size]; the first one's are overwritten
  T* total;
  int64_t num_blocks, size;
};

template <class T>
TITAN_VECTOR_LOOP void add_blocks(const BlockSums<T>& blocks, int64_t begin, int64_t end) {
  MathOf<T>* __restrict total = blocks.sums;
  for (int64_t block = 1; block < blocks.num_blocks; ++block) {
    const MathOf<T>* __restrict sums = blocks.sums + block * blocks.size;
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) total[i] += sums[i];
  }
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) store(blocks.total[i], total[i]);
}

/// Normalises x, or x + y into `sum` where y is defined.
std::tuple<at::Tensor, at::Tensor> normalise(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight,
                                             const at::Tensor& sum, double eps) {
  const int64_t size = weight.numel(), num_rows = size == 0 ? 0 : x.numel() / size;
  const auto out = at::empty(x.sizes(), x.options());
  const auto rstd = at::empty({num_rows}, math_options(x));
  for_element_type("rms_norm", x.scalar_type(), [&]<class T>(T) {
    const NormRows<T> rows{x.const_data_ptr<T>(),
                           y.defined() ? y.const_data_ptr<T>() : nullptr,
                           weight.const_data_ptr<T>(),
                           y.defined() ? sum.mutable_data_ptr<T>() : nullptr,
                           out.mutable_data_ptr<T>(),
                           rstd.mutable_data_ptr<MathOf<T>>(),
                           size,
                           static_cast<MathOf<T>>(eps)};
    const auto loop = compiled_here<&normalise_rows<T>>();
    at::parallel_for(0, num_rows, grain_rows(size), [&](int64_t begin, int64_t end) { loop(rows, begin, end); });
  });
  return {out, rstd};
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> rms_norm_cpu(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return normalise(x.contiguous(), {}, weight.contiguous(), {}, eps);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> add_rms_norm_cpu(const at::Tensor& x, const at::Tensor& y,
                                                                const at::Tensor& weight, double eps) {
  const auto sum = at::empty(x.sizes(), x.options());
  const auto [normed, rstd] = normalise(x.contiguous(), y.contiguous(), weight.contiguous(), sum, eps);
  return {sum, normed, rstd};
}

std::tuple<at::Tensor, at::Tensor> rms_norm_backward_cpu(const at::Tensor& grad_out,
                                                         const std::optional<at::Tensor>& grad_sum, const at::Tensor& x,
                                                         const at::Tensor& weight, const at::Tensor& rstd) {
  const int64_t size = weight.numel(), num_rows = rstd.numel();
  const int64_t block_rows = std::max(grain_rows(size), (num_rows + kMaxBlocks - 1) / kMaxBlocks);
  const int64_t num_blocks = std::max<int64_t>(1, (num_rows + block_rows - 1) / block_rows);
  const auto grad = grad_out.contiguous(), in = x.contiguous(), scale = weight.contiguous();
  const auto residual = grad_sum ? grad_sum->contiguous() : at::Tensor();
  const auto grad_x = at::empty(x.sizes(), x.options()), grad_weight = at::empty({size}, weight.options());
  const auto block_sums = at::zeros({num_blocks, size}, math_options(x));
  for_element_type("rms_norm_backward", x.scalar_type(), [&]<class T>(T) {
    auto* sums = block_sums.mutable_data_ptr<MathOf<T>>();
    const NormBackwardRows<T> rows{grad.const_data_ptr<T>(),
                                   residual.defined() ? residual.const_data_ptr<T>() : nullptr,
                                   in.const_data_ptr<T>(),
                                   scale.const_data_ptr<T>(),
                                   rstd.const_data_ptr<MathOf<T>>(),
                                   grad_x.mutable_data_ptr<T>(),
                                   size,
                                   num_rows,
                                   block_rows,
                                   sums};
    const auto loop = compiled_here<&norm_backward_blocks<T>>();
    at::parallel_for(0, num_blocks, 1, [&](int64_t begin, int64_t end) { loop(rows, begin, end); });
    const BlockSums<T> blocks{sums, grad_weight.mutable_data_ptr<T>(), num_blocks, size};
    const auto add = compiled_here<&add_blocks<T>>();
    at::parallel_for(
        0, (size + kColumnGrain - 1) / kColumnGrain, kGrain / kColumnGrain / kMaxBlocks,
        [&](int64_t begin, int64_t end) { add(blocks, begin * kColumnGrain, std::min(end * kColumnGrain, size)); });
  });
  return {grad_x, grad_weight};
}

}  // namespace titan::ops
