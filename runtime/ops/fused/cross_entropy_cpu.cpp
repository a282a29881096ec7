#include "runtime/ops/fused/cross_entropy_cpu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/vector_exp.h"
#include "runtime/ops/vector_loops.h"

namespace titan::ops {
namespace {

constexpr int64_t kEntropyGrain = 1 << 13;  // logits that are worth a thread
constexpr int64_t kPartOfRow = 1024;        // logits that stay in the nearest cache between their maximum and their sum

int64_t grain_tokens(int64_t num_classes) {
  return std::max<int64_t>(1, kEntropyGrain / std::max<int64_t>(1, num_classes));
}

template <class T>
struct EntropyRows {
  const T* logits;
  const int64_t* labels;
  double *logsumexp, *target;
  int64_t num_classes, first_class;
};

template <class Math>
TITAN_VECTOR_LOOP Math largest(const Math* __restrict x, int64_t count) {
  auto max = -std::numeric_limits<Math>::infinity();
#pragma omp simd reduction(max : max)
  for (int64_t i = 0; i < count; ++i) max = x[i] > max ? x[i] : max;
  return max;
}

template <class Math>
TITAN_VECTOR_LOOP Math sum_of_exponentials(const Math* __restrict x, int64_t count, Math pivot) {
  Math sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += exponential(x[i] - pivot);
  return sum;
}

/// Logits in the type that they are computed in; only bfloat16 needs the buffer. Loops over bfloat16 that also reduce
/// come out twice as slow as widening first.
template <class T>
TITAN_VECTOR_LOOP const MathOf<T>* widen(const T* __restrict x, int64_t count, MathOf<T>* __restrict buffer) {
  if constexpr (std::is_same_v<T, MathOf<T>>) {
    return x;
  } else {
    for (int64_t i = 0; i < count; ++i) buffer[i] = load(x[i]);
    return buffer;
  }
}

/// Part by part: the sum so far is relative to the largest logit so far.
template <class T>
TITAN_VECTOR_LOOP double log_sum_exp(const T* row, int64_t size) {
  auto max = -std::numeric_limits<MathOf<T>>::infinity();
  double sum = 0;
  MathOf<T> buffer[kPartOfRow];
  for (int64_t begin = 0; begin < size; begin += kPartOfRow) {
    const int64_t count = std::min(kPartOfRow, size - begin);
    const MathOf<T>* logits = widen(row + begin, count, buffer);
    const MathOf<T> part_max = largest(logits, count);
    if (part_max > max) {
      sum *= std::exp(static_cast<double>(max) - part_max);
      max = part_max;
    }
    // Without any finite logit so far the pivot is 0: exp(-inf - 0) is 0, and NaN stays NaN.
    sum += sum_of_exponentials(logits, count, std::isinf(max) && max < 0 ? MathOf<T>(0) : max);
  }
  return sum == 0 ? max : max + std::log(sum);
}

template <class T>
TITAN_VECTOR_LOOP void reduce_rows(const EntropyRows<T>& rows, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* logits = rows.logits + row * rows.num_classes;
    const int64_t label = rows.labels[row] - rows.first_class;
    rows.logsumexp[row] = log_sum_exp(logits, rows.num_classes);
    rows.target[row] = label >= 0 && label < rows.num_classes ? double(load(logits[label])) : 0.0;
  }
}

template <class T>
struct EntropyBackwardRows {
  const T* logits;
  const int64_t* labels;
  const double* logsumexp;
  T* grad;
  int64_t num_classes, first_class;
  MathOf<T> scale;
};

template <class T>
TITAN_VECTOR_LOOP void differentiate_rows(const EntropyBackwardRows<T>& rows, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* __restrict logits = rows.logits + row * rows.num_classes;
    T* __restrict grad = rows.grad + row * rows.num_classes;
    if (rows.labels[row] == kIgnoredLabel) {
      std::fill(grad, grad + rows.num_classes, T(0));
      continue;
    }
    // In two parts: near the largest logit the first difference is exact, and the second keeps what float32 has no room
    // for beside a large maximum.
    const auto high = static_cast<MathOf<T>>(rows.logsumexp[row]);
    const auto low = static_cast<MathOf<T>>(rows.logsumexp[row] - high), scale = rows.scale;
    const auto probability = [&](T logit) { return exponential((load(logit) - high) - low); };
#pragma omp simd
    for (int64_t i = 0; i < rows.num_classes; ++i) store(grad[i], scale * probability(logits[i]));
    const int64_t label = rows.labels[row] - rows.first_class;
    if (label < 0 || label >= rows.num_classes) continue;
    store(grad[label], scale * (probability(logits[label]) - 1));
  }
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> cross_entropy_rows_cpu(const at::Tensor& logits, const at::Tensor& labels,
                                                          int64_t first_class) {
  const auto in = logits.contiguous(), of_token = labels.contiguous();
  const auto options = logits.options().dtype(at::kDouble);
  const auto logsumexp = at::empty(labels.sizes(), options), target = at::empty(labels.sizes(), options);
  for_element_type("cross_entropy_rows", in.scalar_type(), [&]<class T>(T) {
    const EntropyRows<T> rows{in.const_data_ptr<T>(),
                              of_token.const_data_ptr<int64_t>(),
                              logsumexp.mutable_data_ptr<double>(),
                              target.mutable_data_ptr<double>(),
                              in.size(1),
                              first_class};
    const auto loop = compiled_here<&reduce_rows<T>>();
    at::parallel_for(0, in.size(0), grain_tokens(in.size(1)),
                     [&](int64_t begin, int64_t end) { loop(rows, begin, end); });
  });
  return {logsumexp, target};
}

at::Tensor cross_entropy_rows_backward_cpu(const at::Tensor& scale, const at::Tensor& logits, const at::Tensor& labels,
                                           const at::Tensor& logsumexp, int64_t first_class) {
  const auto in = logits.contiguous(), of_token = labels.contiguous();
  const auto factor = scale.to(loss_dtype(logits)), whole = logsumexp.to(at::kDouble).contiguous();
  const auto grad = at::empty(in.sizes(), in.options());
  for_element_type("cross_entropy_rows_backward", in.scalar_type(), [&]<class T>(T) {
    const EntropyBackwardRows<T> rows{in.const_data_ptr<T>(),
                                      of_token.const_data_ptr<int64_t>(),
                                      whole.const_data_ptr<double>(),
                                      grad.mutable_data_ptr<T>(),
                                      in.size(1),
                                      first_class,
                                      *factor.const_data_ptr<MathOf<T>>()};
    const auto loop = compiled_here<&differentiate_rows<T>>();
    at::parallel_for(0, in.size(0), grain_tokens(in.size(1)),
                     [&](int64_t begin, int64_t end) { loop(rows, begin, end); });
  });
  return grad;
}

}  // namespace titan::ops
