#include "runtime/comm/reduce_kernels.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Exception.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <type_traits>

namespace titan::comm {
namespace {

// One block of accumulators stays in the first-level cache while the inputs stream by.
constexpr int64_t kBlock = 1024;

template <class T>
using Accumulator = std::conditional_t<std::is_same_v<T, c10::Half> || std::is_same_v<T, c10::BFloat16>, float, T>;

struct Add {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a + b);
  }
};
struct Max {
  template <class T>
  static T apply(T a, T b) {
    return a > b || a != a ? a : b;
  }
};
struct Min {
  template <class T>
  static T apply(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

template <class T, class Combine>
void reduce_typed(const std::vector<const void*>& inputs, T* out, int64_t numel, bool divide) {
  using A = Accumulator<T>;
  alignas(64) A sum[kBlock];
  for (int64_t begin = 0; begin < numel; begin += kBlock) {
    const int64_t count = std::min(kBlock, numel - begin);
    const T* first = static_cast<const T*>(inputs[0]) + begin;
    for (int64_t i = 0; i < count; ++i) sum[i] = static_cast<A>(first[i]);
    for (size_t r = 1; r < inputs.size(); ++r) {
      const T* next = static_cast<const T*>(inputs[r]) + begin;
      for (int64_t i = 0; i < count; ++i) sum[i] = Combine::template apply<A>(sum[i], static_cast<A>(next[i]));
    }
    if (divide) {
      const A size = static_cast<A>(inputs.size());
      for (int64_t i = 0; i < count; ++i) sum[i] = static_cast<A>(sum[i] / size);
    }
    for (int64_t i = 0; i < count; ++i) out[begin + i] = static_cast<T>(sum[i]);
  }
}

template <class T>
void reduce_op(ReduceOp op, const std::vector<const void*>& inputs, void* out, int64_t numel) {
  T* result = static_cast<T*>(out);
  switch (op) {
    case ReduceOp::sum:
      return reduce_typed<T, Add>(inputs, result, numel, false);
    case ReduceOp::avg:
      return reduce_typed<T, Add>(inputs, result, numel, true);
    case ReduceOp::max:
      return reduce_typed<T, Max>(inputs, result, numel, false);
    case ReduceOp::min:
      return reduce_typed<T, Min>(inputs, result, numel, false);
  }
}

}  // namespace

void reduce(at::ScalarType dtype, ReduceOp op, const std::vector<const void*>& inputs, void* out, int64_t numel) {
  switch (dtype) {
    case at::kFloat:
      return reduce_op<float>(op, inputs, out, numel);
    case at::kDouble:
      return reduce_op<double>(op, inputs, out, numel);
    case at::kHalf:
      return reduce_op<c10::Half>(op, inputs, out, numel);
    case at::kBFloat16:
      return reduce_op<c10::BFloat16>(op, inputs, out, numel);
    case at::kBool:  // max is "any", min is "all"
    case at::kByte:
      return reduce_op<uint8_t>(op, inputs, out, numel);
    case at::kChar:
      return reduce_op<int8_t>(op, inputs, out, numel);
    case at::kShort:
      return reduce_op<int16_t>(op, inputs, out, numel);
    case at::kInt:
      return reduce_op<int32_t>(op, inputs, out, numel);
    case at::kLong:
      return reduce_op<int64_t>(op, inputs, out, numel);
    default:
      TORCH_INTERNAL_ASSERT(false, "reduce: no kernel for dtype ", dtype);
  }
}

}  // namespace titan::comm
