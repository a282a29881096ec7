#include <gtest/gtest.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <iostream>
#include <chrono>
#include "models/registry.h"
#include "runtime/train/session.h"
#include "runtime/train/train_step.h"
#include "sim/device/register_sim_device.h"
#include "sim/trace/text.h"
#include "tests/sim/device/record_step.h"
#include "models/llama3/model.h"
#include <ATen/ops/zeros.h>
namespace titan::test {
using Clock = std::chrono::steady_clock;
double since(Clock::time_point t0) { return std::chrono::duration<double>(Clock::now() - t0).count(); }
TEST(Dump, Trace) { const auto t = record(step_cases()[0], 0, sim::host_kernels(), 1); std::cout << trace::to_text(t, {.memory = true, .descriptors = true}); }
void speed(const char* flavor, int world, int tp, const char* ac, const char* dtype) {
  auto specs = models::llama3::llama3_specs();
  const auto& model = *std::find_if(specs.begin(), specs.end(), [&](auto& s) { return s.flavor == flavor; });
  config::JobConfig config;
  config.training.seq_len = 8192; config.training.local_batch_size = 1; config.parallelism.tensor_parallel_degree = tp;
  config.training.mixed_precision_param = dtype;
  config.activation_checkpoint.mode = ac;
  auto t0 = Clock::now();
  sim::SimPlatform platform({.rank = world - 1, .size = world, .local_rank = 0});
  double made = since(t0); t0 = Clock::now();
  metrics::Logger quiet(std::cout, {.quiet = true});
  train::Session session({.config = config, .model = model, .platform = platform, .log = quiet});
  double built = since(t0);
  for (int step = 1; step <= 3; ++step) {
    size_t before = platform.trace().nodes.size(); size_t ops = 0;
    data::Batch batch{at::zeros({1, 8192}, at::kLong), at::zeros({1, 8192}, at::kLong)};
    t0 = Clock::now();
    train::train_step(session, batch, step, 1e-4);
    double s = since(t0);
    for (size_t i = before; i < platform.trace().nodes.size(); ++i) ops += platform.trace().nodes[i].kind == trace::NodeKind::op;
    auto stats = platform.memory_stats();
    printf("%s world %d tp %d %s: make %.4f build %.4f step %d: %zu nodes %zu ops %.4f s, %.2f us/op, peak %.2f GiB reserved %.2f\n", flavor, world, tp, ac, made, built, step, platform.trace().nodes.size() - before, ops, s, s / ops * 1e6, stats.peak_allocated_bytes / 1073741824.0, stats.peak_reserved_bytes / 1073741824.0);
  }
}
TEST(Dump, Speed) {
  auto t0 = Clock::now(); sim::register_sim_device(); printf("register %.4f s\n", since(t0));
  speed("8B", 8, 1, "selective", "bfloat16");
  speed("8B", 8, 1, "none", "bfloat16");
  speed("405B", 512, 8, "full", "bfloat16");
}
}
