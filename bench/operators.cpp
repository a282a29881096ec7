// Our CPU products and first values against the library's at the sizes of llama3_tiny; each line's `ratio` is the
// library's time over ours, measured in one run by turns. fused_operators.cpp has the fused operators.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>

#include "runtime/nn/initialise.h"
#include "runtime/ops/linear.h"

namespace titan {
namespace {

template <class Call>
double seconds(const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Runs both by turns; the benchmark's own time is ours.
template <class Ours, class Library>
void compare(benchmark::State& state, const Ours& ours, const Library& library) {
  double ours_s = 0.0, library_s = 0.0;
  ours();
  library();
  for (auto _ : state) {
    const double once = seconds(ours);
    library_s += seconds(library);
    ours_s += once;
    state.SetIterationTime(once);
  }
  state.counters["ratio"] = library_s / ours_s;
}

template <class Operator>
auto forward_backward(const Operator& op, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& grad) {
  return [=] { torch::autograd::grad({op(x, weight)}, {x, weight}, {grad}); };
}

void linear(benchmark::State& state) {
  const auto x = at::randn({2048, state.range(0)}).requires_grad_(true);
  const auto weight = at::randn({state.range(1), state.range(0)}).requires_grad_(true);
  const auto grad = at::randn({2048, state.range(1)});
  const auto library = [](const auto& a, const auto& b) { return at::linear(a, b); };
  compare(state, forward_backward(ops::linear, x, weight, grad), forward_backward(library, x, weight, grad));
}
BENCHMARK(linear)->Args({256, 256})->Args({256, 768})->Args({768, 256})->Args({256, 2048})->UseManualTime();

/// Layout-independent first values against the library's generator, which depends on the layout.
void initialise(benchmark::State& state) {
  const auto spec = mesh::whole({1000, 1000});
  const auto weight = at::empty(spec.global_shape, at::kFloat);
  compare(
      state, [&] { nn::fill(weight, spec, nn::InitRule::trunc_normal(0.0, 0.02, -2.0, 2.0), 1, "weight"); },
      [&] { weight.normal_(0.0, 0.02); });
  state.counters["ns_per_element"] =
      benchmark::Counter(1e-9 * 1e6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(initialise)->UseManualTime();

}  // namespace
}  // namespace titan
