#include "runtime/ops/fused/swiglu_cpu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "runtime/ops/vector_exp.h"
#include "runtime/ops/vector_loops.h"

namespace titan::ops {
namespace {

// Threads take whole parts of this many elements, worth about 2 us, so that an element's place in a vector does not
// depend on their number.
constexpr int64_t kPart = 4096;

template <class T>
struct Gating {
  const T *gate, *up, *grad_out;  // grad_out: backward
  T *out, *grad_gate, *grad_up;   // out: forward
  int64_t count;
};

template <class T>
TITAN_VECTOR_LOOP void gate_parts(const Gating<T>& g, int64_t begin, int64_t end) {
  const T* __restrict gate = g.gate, * __restrict up = g.up;
  T* __restrict out = g.out;
  const int64_t stop = std::min(end * kPart, g.count);
#pragma omp simd
  for (int64_t i = begin * kPart; i < stop; ++i) {
    const MathOf<T> a = load(gate[i]);
    store(out[i], a / (1 + exponential(-a)) * load(up[i]));
  }
}

/// With s = 1 / (1 + exp(-a)): d(a s) / da = s (1 + a (1 - s)).
template <class T>
TITAN_VECTOR_LOOP void gate_backward_parts(const Gating<T>& g, int64_t begin, int64_t end) {
  const T* __restrict gate = g.gate, * __restrict up = g.up, * __restrict grad_out = g.grad_out;
  T* __restrict grad_gate = g.grad_gate, * __restrict grad_up = g.grad_up;
  const int64_t stop = std::min(end * kPart, g.count);
#pragma omp simd
  for (int64_t i = begin * kPart; i < stop; ++i) {
    const MathOf<T> a = load(gate[i]), grad = load(grad_out[i]);
    const MathOf<T> s = 1 / (1 + exponential(-a));
    store(grad_gate[i], grad * load(up[i]) * (s * (1 + a * (1 - s))));
    store(grad_up[i], grad * (a * s));
  }
}

int64_t num_parts(int64_t count) { return (count + kPart - 1) / kPart; }

}  // namespace

at::Tensor swiglu_cpu(const at::Tensor& gate, const at::Tensor& up) {
  const auto a = gate.contiguous(), b = up.contiguous();
  const auto out = at::empty(a.sizes(), a.options());
  for_element_type("swiglu", a.scalar_type(), [&]<class T>(T) {
    const Gating<T> gating{.gate = a.const_data_ptr<T>(),
                           .up = b.const_data_ptr<T>(),
                           .out = out.mutable_data_ptr<T>(),
                           .count = a.numel()};
    const auto loop = compiled_here<&gate_parts<T>>();
    at::parallel_for(0, num_parts(a.numel()), 1, [&](int64_t begin, int64_t end) { loop(gating, begin, end); });
  });
  return out;
}

std::tuple<at::Tensor, at::Tensor> swiglu_backward_cpu(const at::Tensor& grad_out, const at::Tensor& gate,
                                                       const at::Tensor& up) {
  const auto a = gate.contiguous(), b = up.contiguous(), grad = grad_out.contiguous();
  const auto grad_gate = at::empty(a.sizes(), a.options()), grad_up = at::empty(a.sizes(), a.options());
  for_element_type("swiglu_backward", a.scalar_type(), [&]<class T>(T) {
    const Gating<T> gating{.gate = a.const_data_ptr<T>(),
                           .up = b.const_data_ptr<T>(),
                           .grad_out = grad.const_data_ptr<T>(),
                           .grad_gate = grad_gate.mutable_data_ptr<T>(),
                           .grad_up = grad_up.mutable_data_ptr<T>(),
                           .count = a.numel()};
    const auto loop = compiled_here<&gate_backward_parts<T>>();
    at::parallel_for(0, num_parts(a.numel()), 1, [&](int64_t begin, int64_t end) { loop(gating, begin, end); });
  });
  return {grad_gate, grad_up};
}

}  // namespace titan::ops
