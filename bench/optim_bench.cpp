// AdamW steps: the fused kernel against foreach and for-loop, and its memory traffic against memcpy's, each ratio from
// one run in which the contestants take turns.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/comparison.h"
#include "runtime/optim/optimizer.h"
#include "runtime/optim/sum_of_squares.h"

namespace titan::optim {
namespace {

using Shapes = std::vector<std::vector<int64_t>>;

/// One block of Llama 3 as one of `num_shards` FSDP ranks holds it.
void add_block(Shapes& shapes, int64_t width, int64_t kv_width, int64_t ffn, int64_t num_shards) {
  for (const auto& [rows, columns] : std::vector<std::pair<int64_t, int64_t>>{{width, width},
                                                                              {kv_width, width},
                                                                              {kv_width, width},
                                                                              {width, width},
                                                                              {ffn, width},
                                                                              {width, ffn},
                                                                              {ffn, width}}) {
    shapes.push_back({rows / num_shards, columns});
  }
  for (int norm = 0; norm < 2; ++norm) shapes.push_back({width / num_shards});
}

/// A block of the 8B model on four ranks: 54.5 million elements, far beyond any cache.
Shapes block_8b() {
  Shapes shapes;
  add_block(shapes, 4096, 1024, 14336, 4);
  return shapes;
}

/// The debug model: 6 blocks of width 256 and 16 kv heads, vocabulary 2048; 6.2 million elements in 57 tensors.
Shapes debugmodel() {
  Shapes shapes{{2048, 256}, {256}, {2048, 256}};
  for (int block = 0; block < 6; ++block) add_block(shapes, 256, 256, 768, 1);
  return shapes;
}

struct Contestant {
  std::vector<std::unique_ptr<unit::LocalShard>> shards;
  std::vector<unit::LocalShard*> list;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<double> seconds;

  Contestant(const Shapes& shapes, Implementation implementation, at::ScalarType dtype) {
    for (const auto& shape : shapes) {
      shards.push_back(std::make_unique<unit::LocalShard>(
          unit::LocalShard{"w", mesh::whole(shape), {}, at::randn(shape).to(dtype), at::randn(shape).to(dtype)}));
      list.push_back(shards.back().get());
    }
    optimizer = std::make_unique<Optimizer>(list, OptimizerOptions{.implementation = implementation});
    optimizer->step(1e-3);  // makes the state
  }
};

template <class Function>
double seconds_of(const Function& function) {
  const auto begin = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void fused_against_others(benchmark::State& state, const Shapes& shapes, at::ScalarType dtype) {
  Contestant fused(shapes, Implementation::fused, dtype);
  Contestant foreach (shapes, Implementation::foreach, dtype);
  Contestant for_loop(shapes, Implementation::for_loop, dtype);
  for (auto _ : state) {
    for (Contestant* one : {&fused, &foreach, &for_loop}) {
      one->seconds.push_back(seconds_of([&] { one->optimizer->step(1e-3); }));
    }
    state.SetIterationTime(fused.seconds.back());
  }
  state.counters["for_loop_over_fused"] = bench::median(for_loop.seconds) / bench::median(fused.seconds);
  int64_t numel = 0;
  for (const unit::LocalShard* shard : fused.list) numel += shard->value.numel();
  bench::report(state, {.name = std::string("AdamW step of ") + c10::toString(dtype) + " " + std::to_string(numel) +
                                " elements in " + std::to_string(fused.list.size()) + " tensors",
                        .ours = {"fused", bench::median(fused.seconds)},
                        .other = {"foreach", bench::median(foreach.seconds)}});
}

/// A step reads value, gradient and both averages and writes all but the gradient: 7 elements; a copy reads one and
/// writes one.
void fused_against_memcpy(benchmark::State& state, const Shapes& shapes) {
  Contestant fused(shapes, Implementation::fused, at::kFloat);
  int64_t numel = 0;
  for (const unit::LocalShard* shard : fused.list) numel += shard->value.numel();
  const at::Tensor from = at::randn({2 * numel}), to = at::empty({2 * numel});
  std::vector<double> copies;
  for (auto _ : state) {
    copies.push_back(seconds_of([&] { to.copy_(from); }));
    fused.seconds.push_back(seconds_of([&] { fused.optimizer->step(1e-3); }));
    state.SetIterationTime(fused.seconds.back());
  }
  const double step_rate = 7.0 * 4.0 * static_cast<double>(numel) / bench::median(fused.seconds);
  const double copy_rate = 2.0 * 8.0 * static_cast<double>(numel) / bench::median(copies);
  state.counters["GB_per_s"] = step_rate / 1e9;
  state.counters["memcpy_GB_per_s"] = copy_rate / 1e9;
  state.counters["share_of_memcpy"] = step_rate / copy_rate;
}

/// Squares for clipping against reading the same memory once, as at::sum does.
void norm_against_sum(benchmark::State& state, const Shapes& shapes) {
  std::vector<at::Tensor> grads;
  for (const auto& shape : shapes) grads.push_back(at::randn(shape));
  std::vector<double> norms, sums;
  for (auto _ : state) {
    norms.push_back(seconds_of([&] { benchmark::DoNotOptimize(sum_of_squares(grads, at::kCPU)); }));
    sums.push_back(seconds_of([&] {
      for (const at::Tensor& grad : grads) benchmark::DoNotOptimize(grad.sum());
    }));
    state.SetIterationTime(norms.back());
  }
  state.counters["sum_over_squares"] = bench::median(sums) / bench::median(norms);
}

BENCHMARK_CAPTURE(fused_against_others, 8B_block_of_4_float32, block_8b(), at::kFloat)->UseManualTime()->Iterations(5);
BENCHMARK_CAPTURE(fused_against_others, 8B_block_of_4_bfloat16, block_8b(), at::kBFloat16)
    ->UseManualTime()
    ->Iterations(5);
BENCHMARK_CAPTURE(fused_against_others, debugmodel_float32, debugmodel(), at::kFloat)->UseManualTime()->Iterations(25);
BENCHMARK_CAPTURE(fused_against_memcpy, 8B_block_of_4, block_8b())->UseManualTime()->Iterations(9);
BENCHMARK_CAPTURE(fused_against_memcpy, debugmodel, debugmodel())->UseManualTime()->Iterations(50);
BENCHMARK_CAPTURE(norm_against_sum, 8B_block_of_4, block_8b())->UseManualTime()->Iterations(9);

}  // namespace
}  // namespace titan::optim
