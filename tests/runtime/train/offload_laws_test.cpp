// Law 1 for training.enable_cpu_offload: what is in host memory trains as what is on the device.
#include <gtest/gtest.h>

#include <mutex>

#include "runtime/platform/rank_threads.h"
#include "tests/support/run_layout.h"
#include "tests/support/small_llama.h"
#include "validate/divergence/forwarding_platform.h"

namespace titan {
namespace {

using test::LayoutResult;
using test::LayoutRun;

/// A CPU that takes its memory for that of a device: host memory is elsewhere, so everything goes there and back.
class TwoMemories final : public validate::ForwardingPlatform {
 public:
  using ForwardingPlatform::ForwardingPlatform;
  at::TensorOptions host_memory() const override { return at::TensorOptions().device(at::Device(at::kCPU, 0)); }
};

LayoutResult train(const LayoutRun& run, const train::ModelSpec& model, int world_size, bool two_memories) {
  LayoutResult result;
  std::mutex mutex;
  platform::run_rank_threads(world_size, [&](platform::Platform& platform) {
    TwoMemories apart(platform);
    auto own = train_layout(run, model, two_memories ? apart : platform);
    const std::lock_guard lock(mutex);
    if (platform.world().rank == 0) result = std::move(own);
  });
  return result;
}

struct Layout {
  int replicate, shard, tensor;
  int world() const { return replicate * shard * tensor; }
};

LayoutRun make_run(const Layout& layout, int accumulation) {
  LayoutRun run{.config = test::small_config()};
  run.uniform_dtype = at::kDouble;
  run.global_rows = 8;
  run.config.parallelism.data_parallel_replicate_degree = layout.replicate;
  run.config.parallelism.data_parallel_shard_degree = layout.shard;
  run.config.parallelism.tensor_parallel_degree = layout.tensor;
  run.config.training.global_batch_size = run.global_rows;
  run.config.training.local_batch_size = run.global_rows / (layout.replicate * layout.shard * accumulation);
  return run;
}

TEST(OffloadLaws, EveryLayoutTrainsAsWithoutInFloat64) {
  for (const Layout& layout : {Layout{1, 1, 1}, {1, 4, 1}, {2, 1, 1}, {2, 2, 1}, {1, 1, 2}, {1, 2, 2}, {2, 1, 2}}) {
    const auto model = test::small_llama(layout.tensor);
    for (const int accumulation : {1, 2}) {
      LayoutRun run = make_run(layout, accumulation);
      const auto expected = train(run, model, layout.world(), false);
      run.config.training.enable_cpu_offload = true;
      for (const bool two_memories : {false, true}) {
        EXPECT_TRUE(same_training(expected, train(run, model, layout.world(), two_memories), {1e-12, 1e-12}))
            << "dp_replicate " << layout.replicate << " dp_shard " << layout.shard << " tp " << layout.tensor
            << " accumulation " << accumulation << (two_memories ? " with two memories" : "");
      }
    }
  }
}

// Compute in bfloat16 and reduce in float32: the casts are elsewhere, the numbers are the same.
TEST(OffloadLaws, MixedPrecisionIsTheSameToTheBit) {
  const auto model = test::small_llama();
  for (const Layout& layout : {Layout{1, 1, 1}, {1, 4, 1}, {2, 2, 1}}) {
    LayoutRun run = make_run(layout, 1);
    run.uniform_dtype.reset();
    run.config.training.mixed_precision_param = "bfloat16";
    const auto expected = train(run, model, layout.world(), false);
    run.config.training.enable_cpu_offload = true;
    EXPECT_TRUE(same_training(expected, train(run, model, layout.world(), true), {0.0, 0.0})) << layout.shard;
  }
}

TEST(OffloadLaws, TheOptimizerStepInBackwardTrainsAsWithout) {
  const auto model = test::small_llama();
  LayoutRun run = make_run({2, 2, 1}, 1);
  run.config.optimizer.early_step_in_backward = true;
  const auto expected = train(run, model, 4, false);
  run.config.training.enable_cpu_offload = true;
  EXPECT_TRUE(same_training(expected, train(run, model, 4, true), {1e-12, 1e-12}));
}

}  // namespace
}  // namespace titan
