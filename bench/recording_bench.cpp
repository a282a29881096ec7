// Recording training steps on the simulated device: operators per second, and what a step of 8B and 405B takes, with
// templates of units and executing every one; and what calls of one block alone reach, memory included.
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "models/llama3/model.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "runtime/unit/unit_call.h"
#include "sim/platform/sim_platform.h"

namespace titan {
namespace {

struct Layout {
  const char* flavor;
  int world_size;
  int tensor_degree;
  const char* checkpoint;
};

train::ModelSpec find_model(const std::string& flavor) {
  for (auto& spec : models::llama3::llama3_specs()) {
    if (spec.flavor == flavor) return spec;
  }
  throw std::logic_error("no such flavor: " + flavor);
}

config::JobConfig make_config(const Layout& layout) {
  config::JobConfig config;
  config.training.seq_len = 8192;
  config.training.local_batch_size = 1;
  config.parallelism.tensor_parallel_degree = layout.tensor_degree;
  config.activation_checkpoint.mode = layout.checkpoint;
  return config;
}

/// Records steps of one rank after a first, which makes the optimizer's state and learns the operators' shapes.
void record_steps(benchmark::State& state, const Layout& layout, bool templates) {
  const auto model = find_model(layout.flavor);
  const auto config = make_config(layout);
  metrics::Logger quiet(std::cout, {.quiet = true});
  const data::Batch batch{at::zeros({1, 8192}, at::kLong), at::zeros({1, 8192}, at::kLong)};
  size_t num_ops = 0, num_nodes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    sim::SimPlatform platform({.rank = 0, .size = layout.world_size}, {.templates = templates});
    train::Session session({.config = config, .model = model, .platform = platform, .log = quiet});
    train::train_step(session, batch, 1, 1e-4);
    const size_t before = platform.trace().nodes.size();
    state.ResumeTiming();
    train::train_step(session, batch, 2, 1e-4);
    state.PauseTiming();
    const auto& nodes = platform.trace().nodes;
    num_nodes += nodes.size() - before;
    num_ops += std::count_if(nodes.begin() + static_cast<std::ptrdiff_t>(before), nodes.end(),
                             [](const trace::Node& node) { return node.kind == trace::NodeKind::op; });
    state.ResumeTiming();
  }
  state.counters["operators/s"] = benchmark::Counter(static_cast<double>(num_ops), benchmark::Counter::kIsRate);
  state.counters["nodes/s"] = benchmark::Counter(static_cast<double>(num_nodes), benchmark::Counter::kIsRate);
}

/// Forward and backward of one block, again and again, its parameters unsharded and nothing between the calls.
void record_blocks(benchmark::State& state, const Layout& layout, bool templates) {
  constexpr int kNumCalls = 200;
  const auto model = find_model(layout.flavor);
  const auto config = make_config(layout);
  metrics::Logger quiet(std::cout, {.quiet = true});
  size_t num_nodes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    sim::SimPlatform platform({.rank = 0, .size = layout.world_size}, {.templates = templates});
    train::Session session({.config = config, .model = model, .platform = platform, .log = quiet});
    const auto& block = session.runner().units().at(1);
    block.sharding->finish_unshard();
    const auto values = at::empty({1, 8192 / layout.tensor_degree, model.dims.dim},
                                  at::TensorOptions(at::kBFloat16).device(platform.device()));
    const auto train_one = [&] {
      unit::SavedForward saved;
      unit::UnitCall call{.unit = block.unit.get(), .checkpoint = block.checkpoint.get(), .saved = &saved};
      call.arguments = {values};
      platform.run_unit(unit::UnitCall(call));
      call.phase = unit::Phase::backward;
      platform.run_unit(std::move(call));
      for (auto* parameter : block.unit->parameters()) parameter->grad.reset();
    };
    for (int i = 0; i < 2; ++i) train_one();
    const size_t before = platform.trace().nodes.size();
    state.ResumeTiming();
    for (int i = 0; i < kNumCalls; ++i) train_one();
    state.PauseTiming();
    num_nodes += platform.trace().nodes.size() - before;
    state.ResumeTiming();
  }
  state.counters["nodes/s"] = benchmark::Counter(static_cast<double>(num_nodes), benchmark::Counter::kIsRate);
}

const Layout k8b{"8B", 8, 1, "none"}, k405b{"405B", 512, 8, "full"};

BENCHMARK_CAPTURE(record_steps, 8b_templated, k8b, true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(record_steps, 8b_executed, k8b, false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(record_steps, 405b_templated, k405b, true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(record_steps, 405b_executed, k405b, false)->Unit(benchmark::kMillisecond)->UseRealTime();

BENCHMARK_CAPTURE(record_blocks, 8b_templated, k8b, true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(record_blocks, 8b_executed, k8b, false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(record_blocks, 405b_templated, k405b, true)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace titan
