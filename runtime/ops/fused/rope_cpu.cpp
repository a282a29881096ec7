#include "runtime/ops/fused/rope_cpu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "runtime/ops/vector_loops.h"

namespace titan::ops {
namespace {

constexpr int64_t kRopeGrain = 1 << 14;  // elements that are worth a thread

template <class T>
struct Rotation {
  const T* x;
  T* out;                  // contiguous [B, S, H, D]
  const MathOf<T>* table;  // contiguous [S, pairs, 2]
  int64_t length, num_heads, num_pairs;
  int64_t batch_stride, token_stride, head_stride;
  MathOf<T> direction;  // of the angles: 1 or -1
};

/// Rotates tokens [begin, end) of the B · S.
template <class T>
TITAN_VECTOR_LOOP void rotate_tokens(const Rotation<T>& r, int64_t begin, int64_t end) {
  const int64_t num_pairs = r.num_pairs;
  for (int64_t token = begin; token < end; ++token) {
    const int64_t position = token % r.length;
    const MathOf<T>* __restrict turns = r.table + position * num_pairs * 2;
    const T* first = r.x + token / r.length * r.batch_stride + position * r.token_stride;
    for (int64_t head = 0; head < r.num_heads; ++head) {
      const T* __restrict x = first + head * r.head_stride;
      T* __restrict out = r.out + (token * r.num_heads + head) * num_pairs * 2;
#pragma omp simd
      for (int64_t i = 0; i < num_pairs; ++i) {
        const MathOf<T> a = load(x[2 * i]), b = load(x[2 * i + 1]);
        const MathOf<T> c = turns[2 * i], s = turns[2 * i + 1] * r.direction;
        store(out[2 * i], a * c - b * s);
        store(out[2 * i + 1], a * s + b * c);
      }
    }
  }
}

}  // namespace

at::Tensor rope_cpu(const at::Tensor& x_BSHD, const at::Tensor& table, bool inverse) {
  const auto x = x_BSHD.size(3) == 0 || x_BSHD.stride(3) == 1 ? x_BSHD : x_BSHD.contiguous();
  const auto dtype = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto turns = table.narrow(0, 0, x.size(1)).to(dtype).contiguous();
  const auto out = at::empty(x.sizes(), x.options());
  const int64_t num_tokens = x.size(0) * x.size(1), token_size = x.size(2) * x.size(3);
  for_element_type("rope", x.scalar_type(), [&]<class T>(T) {
    const Rotation<T> rotation{x.const_data_ptr<T>(),
                               out.mutable_data_ptr<T>(),
                               turns.const_data_ptr<MathOf<T>>(),
                               x.size(1),
                               x.size(2),
                               x.size(3) / 2,
                               x.stride(0),
                               x.stride(1),
                               x.stride(2),
                               static_cast<MathOf<T>>(inverse ? -1 : 1)};
    const auto loop = compiled_here<&rotate_tokens<T>>();
    at::parallel_for(0, num_tokens, std::max<int64_t>(1, kRopeGrain / std::max<int64_t>(1, token_size)),
                     [&](int64_t begin, int64_t end) { loop(rotation, begin, end); });
  });
  return out;
}

}  // namespace titan::ops
