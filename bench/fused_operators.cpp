// Fused CPU operators against their composites, forward and backward, at the sizes of llama3_tiny (8 sequences of 128
// tokens) and of a block of Llama 3 8B (2048 tokens). `ratio` is the composite's time over ours, taken by turns in one
// run; `GB/s` is the least traffic that the operator can do with over our time, `of_copy` that over the bandwidth of a
// copy by all threads in the same run.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

#include "runtime/ops/cross_entropy.h"
#include "runtime/ops/fused/cross_entropy.h"
#include "runtime/ops/fused/rms_norm.h"
#include "runtime/ops/fused/rope.h"
#include "runtime/ops/fused/swiglu.h"
#include "runtime/ops/rms_norm.h"
#include "runtime/ops/rope.h"
#include "runtime/ops/swiglu.h"

namespace titan {
namespace {

using Tensors = std::vector<at::Tensor>;
using Operator = std::function<Tensors(const Tensors&)>;

double seconds(const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Bytes per second that one copy of a buffer beyond every cache reads and writes.
double copy_bandwidth() {
  constexpr int64_t kBytes = int64_t{1} << 28;
  static const double bandwidth = [] {
    const auto from = at::ones({kBytes}, at::kByte), to = at::ones({kBytes}, at::kByte);
    const auto* source = from.const_data_ptr<uint8_t>();
    auto* target = to.mutable_data_ptr<uint8_t>();
    double best_s = 1e9;
    for (int round = 0; round < 7; ++round) {
      best_s = std::min(best_s, seconds([&] {
                          at::parallel_for(0, kBytes, kBytes / at::get_num_threads(), [&](int64_t begin, int64_t end) {
                            std::memcpy(target + begin, source + begin, end - begin);
                          });
                        }));
    }
    return 2.0 * kBytes / best_s;
  }();
  return bandwidth;
}

/// Big tensors come from the heap and stay mapped, as in a training loop whose sizes repeat: page faults are neither's.
void keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);
}

/// One operator, its composite and its least traffic forward and backward in elements.
struct Contest {
  Operator fused, composite;
  Tensors inputs;
  double num_elements;
};

void run(benchmark::State& state, const Contest& contest) {
  keep_memory();
  Tensors leaves;
  for (const auto& x : contest.inputs) leaves.push_back(x.detach().requires_grad_(true));
  Tensors grads;
  for (const auto& out : contest.fused(leaves)) {
    grads.push_back(out.dim() == 0 ? at::ones({}, out.options()) : at::randn(out.sizes()).to(out.scalar_type()));
  }
  const auto step = [&](const Operator& op) { torch::autograd::grad(op(leaves), leaves, grads); };
  step(contest.fused);
  step(contest.composite);
  std::vector<double> fused_s, composite_s;
  for (auto _ : state) {
    fused_s.push_back(seconds([&] { step(contest.fused); }));
    composite_s.push_back(seconds([&] { step(contest.composite); }));
    state.SetIterationTime(fused_s.back());
  }
  const auto middle = [](std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
  };
  const double bandwidth =
      contest.num_elements * static_cast<double>(contest.inputs[0].element_size()) / middle(fused_s);
  state.counters["ratio"] = middle(composite_s) / middle(fused_s);
  state.counters["GB/s"] = bandwidth / 1e9;
  state.counters["of_copy"] = bandwidth / copy_bandwidth();
}

at::ScalarType dtype_of(int64_t bits) { return bits == 16 ? at::kBFloat16 : at::kFloat; }

at::Tensor random(at::IntArrayRef sizes, int64_t bits) { return at::randn(sizes).to(dtype_of(bits)); }

// Arguments: tokens, width, bits of an element.
void norm_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"tokens", "width", "bits"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  for (const int64_t bits : {32, 16}) bench->Args({1024, 256, bits})->Args({2048, 4096, bits});
}

/// Forward reads x and writes the result; backward reads x and a gradient and writes one.
void rms_norm(benchmark::State& state) {
  const int64_t tokens = state.range(0), width = state.range(1);
  run(state, {[](const Tensors& in) { return Tensors{ops::fused_rms_norm(in[0], in[1], 1e-5)}; },
              [](const Tensors& in) { return Tensors{ops::rms_norm(in[0], in[1], 1e-5)}; },
              {random({tokens, width}, state.range(2)), random({width}, state.range(2))},
              5.0 * tokens * width});
}
BENCHMARK(rms_norm)->Apply(norm_sizes);

/// Forward reads two and writes two, backward reads the sum and two gradients and writes one.
void add_rms_norm(benchmark::State& state) {
  const int64_t tokens = state.range(0), width = state.range(1), bits = state.range(2);
  run(state, {[](const Tensors& in) {
                const auto result = ops::fused_add_rms_norm(in[0], in[1], in[2], 1e-5);
                return Tensors{result.sum, result.normed};
              },
              [](const Tensors& in) {
                const auto sum = in[0].add(in[1]);
                return Tensors{sum, ops::rms_norm(sum, in[2], 1e-5)};
              },
              {random({tokens, width}, bits), random({tokens, width}, bits), random({width}, bits)},
              8.0 * tokens * width});
}
BENCHMARK(add_rms_norm)->Apply(norm_sizes);

/// Forward and backward each read one and write one.
void rope(benchmark::State& state) {
  const int64_t batch = state.range(0), length = state.range(1), heads = state.range(2), size = state.range(3);
  const auto table = at::randn({length, size / 2, 2});
  run(state, {[&](const Tensors& in) { return Tensors{ops::fused_rope(in[0], table)}; },
              [&](const Tensors& in) { return Tensors{ops::rope(in[0], table)}; },
              {random({batch, length, heads, size}, state.range(4))},
              4.0 * batch * length * heads * size});
}
BENCHMARK(rope)
    ->ArgNames({"batch", "tokens", "heads", "head_size", "bits"})
    ->Args({8, 128, 16, 16, 32})
    ->Args({1, 2048, 32, 128, 32})
    ->Args({8, 128, 16, 16, 16})
    ->Args({1, 2048, 32, 128, 16})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

/// Forward reads two and writes one, backward reads three and writes two.
void swiglu(benchmark::State& state) {
  const int64_t tokens = state.range(0), width = state.range(1), bits = state.range(2);
  run(state, {[](const Tensors& in) { return Tensors{ops::fused_swiglu(in[0], in[1])}; },
              [](const Tensors& in) { return Tensors{ops::swiglu(in[0], in[1])}; },
              {random({tokens, width}, bits), random({tokens, width}, bits)},
              8.0 * tokens * width});
}
BENCHMARK(swiglu)
    ->ArgNames({"tokens", "width", "bits"})
    ->Args({1024, 768, 32})
    ->Args({2048, 14336, 32})
    ->Args({1024, 768, 16})
    ->Args({2048, 14336, 16})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

/// Forward reads the logits, backward reads them and writes their gradient.
void cross_entropy(benchmark::State& state) {
  const int64_t tokens = state.range(0), classes = state.range(1);
  const auto labels = at::randint(classes, {tokens}, at::kLong);
  run(state, {[&](const Tensors& in) { return Tensors{ops::fused_cross_entropy_sum(in[0], labels)}; },
              [&](const Tensors& in) { return Tensors{ops::cross_entropy_sum(in[0], labels)}; },
              {random({tokens, classes}, state.range(2))},
              3.0 * tokens * classes});
}
BENCHMARK(cross_entropy)
    ->ArgNames({"tokens", "classes", "bits"})
    ->Args({1024, 2048, 32})
    ->Args({256, 128256, 32})
    ->Args({1024, 2048, 16})
    ->Args({256, 128256, 16})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace titan
