#pragma once

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "runtime/unit/saved_forward.h"
#include "runtime/unit/unit_call.h"
#include "sim/platform/sim_platform.h"
#include "sim/trace/difference.h"
#include "tests/sim/device/function_unit.h"

/// Calls of single units, recorded with templates and without.
namespace titan::test {
using sim::DeviceOptions;
using sim::SimPlatform;
using unit::Phase;
using unit::Tuple;

inline constexpr int64_t kRows = 64, kWidth = 256;

inline at::TensorOptions on(const SimPlatform& platform, at::ScalarType dtype = at::kBFloat16) {
  return at::TensorOptions(dtype).device(platform.device());
}
inline at::Tensor weight(const SimPlatform& platform, int64_t out = kWidth, int64_t in = kWidth) {
  return at::empty({out, in}, on(platform));
}

/// What a test does with a platform; the outcome is what it records.
using Scene = std::function<void(SimPlatform&)>;

struct Outcome {
  trace::Trace trace;
  std::vector<memory::SegmentInfo> segments;
  int64_t num_hits = 0, num_executed = 0;
};

inline Outcome play(const Scene& scene, const DeviceOptions& options) {
  SimPlatform platform({.rank = 0, .size = 2, .local_rank = 0}, options);
  scene(platform);
  Outcome outcome{.segments = platform.state().memory().snapshot(),
                  .num_hits = platform.templates().num_hits,
                  .num_executed = platform.templates().num_executed};
  outcome.trace = platform.take_trace();
  return outcome;
}

/// Returns what the templated recording counted.
inline Outcome expect_same(const Scene& scene, const DeviceOptions& options = {}) {
  const auto executed = play(scene, {.memory = options.memory, .templates = false});
  auto templated = play(scene, options);
  EXPECT_EQ(trace::first_difference(executed.trace, templated.trace), std::nullopt);
  EXPECT_TRUE(executed.trace == templated.trace);  // tables of descriptors and all
  EXPECT_EQ(executed.segments, templated.segments);
  return templated;
}

inline Tuple forward(SimPlatform& platform, unit::Unit& one, Tuple&& inputs, unit::SavedForward* saved,
                     const recompute::SavePolicy* checkpoint = nullptr) {
  return platform.run_unit({.unit = &one,
                            .phase = Phase::forward,
                            .checkpoint = checkpoint,
                            .keep_for_backward = saved != nullptr,
                            .arguments = std::move(inputs),
                            .saved = saved});
}

inline Tuple backward(SimPlatform& platform, unit::Unit& one, Tuple&& gradients, unit::SavedForward& saved,
                      const recompute::SavePolicy* checkpoint = nullptr) {
  return platform.run_unit({.unit = &one,
                            .phase = Phase::backward,
                            .checkpoint = checkpoint,
                            .arguments = std::move(gradients),
                            .saved = &saved});
}

inline Tuple gradients_of(const Tuple& results) {
  Tuple gradients;
  for (const auto& result : results) gradients.push_back(at::empty(result.sizes(), result.options()));
  return gradients;
}

/// Forward and backward of one unit; nobody else holds anything.
inline void train_one(SimPlatform& platform, unit::Unit& one, Tuple&& inputs,
                      const recompute::SavePolicy* checkpoint = nullptr) {
  unit::SavedForward saved;
  Tuple results = forward(platform, one, std::move(inputs), &saved, checkpoint);
  Tuple gradients = gradients_of(results);
  results.clear();
  backward(platform, one, std::move(gradients), saved, checkpoint);
}

inline Tuple row_input(const SimPlatform& platform) { return {at::empty({kRows, kWidth}, on(platform))}; }

}  // namespace titan::test
