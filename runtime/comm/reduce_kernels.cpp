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

template <class Combine, class A, class T, class Out>
void combine(const A* left, const T* right, Out* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<Out>(Combine::template apply<A>(left[i], static_cast<A>(right[i])));
}

template <class T, class Combine>
void reduce_typed(const std::vector<const void*>& inputs, T* out, int64_t numel, bool divide) {
  using A = Accumulator<T>;
  alignas(64) A sum[kBlock];
  const size_t last = inputs.size() - 1;
  for (int64_t begin = 0; begin < numel; begin += kBlock) {
    const int64_t count = std::min(kBlock, numel - begin);
    const auto input = [&](size_t r) { return static_cast<const T*>(inputs[r]) + begin; };
    for (int64_t i = 0; i < count; ++i) sum[i] = static_cast<A>(input(0)[i]);
    for (size_t r = 1; r < last; ++r) combine<Combine>(sum, input(r), sum, count);
    if (last > 0 && !divide) {
      combine<Combine>(sum, input(last), out + begin, count);
      continue;
    }
    if (last > 0) combine<Combine>(sum, input(last), sum, count);
    const A size = static_cast<A>(divide ? inputs.size() : 1);
    for (int64_t i = 0; i < count; ++i) out[begin + i] = static_cast<T>(sum[i] / size);
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
