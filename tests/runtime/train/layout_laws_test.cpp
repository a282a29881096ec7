// Law 1: every composition gives the one-rank run; in float64 to 1e-9, in float32 the loss to 1e-5 and each gradient to
// 1e-4 in norm.
#include <gtest/gtest.h>

#include <array>

#include "tests/support/run_layout.h"
#include "tests/support/small_llama.h"

namespace titan {
namespace {

using test::LayoutRun;
using test::TrainingTolerance;

struct Degrees {
  int replicate;
  int shard;
  int world() const { return replicate * shard; }
};

std::vector<Degrees> all_degrees() {
  std::vector<Degrees> all;
  for (int replicate = 1; replicate <= 8; ++replicate) {
    for (int shard = 1; replicate * shard <= 8; ++shard) all.push_back({replicate, shard});
  }
  return all;
}

LayoutRun make_run(const Degrees& degrees, int accumulation, const std::string& reshard) {
  LayoutRun run{.config = test::small_config()};
  run.global_rows = 2 * degrees.world();
  run.config.parallelism.data_parallel_replicate_degree = degrees.replicate;
  run.config.parallelism.data_parallel_shard_degree = degrees.shard;
  run.config.parallelism.fsdp_reshard_after_forward = reshard;
  run.config.training.global_batch_size = run.global_rows;
  run.config.training.local_batch_size = 2 / accumulation;
  return run;
}

LayoutRun one_rank(LayoutRun run) {
  run.config.parallelism.data_parallel_replicate_degree = 1;
  run.config.parallelism.data_parallel_shard_degree = 1;
  run.config.training.local_batch_size = run.global_rows;
  return run;
}

std::string describe(const Degrees& degrees, int accumulation, const std::string& reshard) {
  return "dp_replicate " + std::to_string(degrees.replicate) + " dp_shard " + std::to_string(degrees.shard) +
         " accumulation " + std::to_string(accumulation) + " reshard " + reshard;
}

void expect_one_rank_run(std::optional<c10::ScalarType> dtype, const TrainingTolerance& tolerance) {
  const auto model = test::small_llama();
  for (const Degrees& degrees : all_degrees()) {
    LayoutRun reference = one_rank(make_run(degrees, 1, "default"));
    reference.uniform_dtype = dtype;
    const auto expected = test::train_layout_on_threads(reference, model, 1);
    for (const char* reshard : {"default", "always", "never"}) {
      for (const int accumulation : {1, 2}) {
        LayoutRun run = make_run(degrees, accumulation, reshard);
        run.uniform_dtype = dtype;
        const auto actual = test::train_layout_on_threads(run, model, degrees.world());
        EXPECT_TRUE(same_training(expected, actual, tolerance)) << describe(degrees, accumulation, reshard);
      }
    }
  }
}

TEST(LayoutLaws, EveryDataParallelLayoutGivesTheOneRankRunInFloat64) { expect_one_rank_run(at::kDouble, {1e-9, 1e-9}); }

TEST(LayoutLaws, EveryDataParallelLayoutGivesTheOneRankRunInFloat32) {
  expect_one_rank_run(std::nullopt, {1e-5, 1e-4});
}

TEST(LayoutLaws, CheckpointingChangesNothing) {
  const auto model = test::small_llama();
  LayoutRun run = make_run({1, 2}, 2, "default");
  run.uniform_dtype = at::kDouble;
  const auto expected = test::train_layout_on_threads(run, model, 2);
  for (const char* mode : {"full", "selective"}) {
    run.config.activation_checkpoint.mode = mode;
    EXPECT_TRUE(same_training(expected, test::train_layout_on_threads(run, model, 2), {1e-15, 1e-15})) << mode;
  }
}

TEST(LayoutLaws, TheOptimizerStepInBackwardEqualsTheStepAfterItWhereNothingIsClipped) {
  const auto model = test::small_llama();
  for (const Degrees degrees : {Degrees{1, 1}, Degrees{1, 3}, Degrees{2, 2}, Degrees{4, 1}}) {
    LayoutRun run = make_run(degrees, 2, "default");
    run.uniform_dtype = at::kDouble;
    run.config.training.max_norm = 1e9;
    auto expected = test::train_layout_on_threads(run, model, degrees.world());
    expected.gradients.clear();  // the other run has used its up before it ends
    run.config.optimizer.early_step_in_backward = true;
    const auto actual = test::train_layout_on_threads(run, model, degrees.world());
    EXPECT_TRUE(same_training(expected, actual, {1e-12, 1e-12})) << describe(degrees, 2, "default");
  }
}

TEST(LayoutLaws, MixedPrecisionOfEveryLayoutStaysNearTheOneRankRun) {
  // bfloat16 keeps 8 bits: one rounding is 2^-9, so layouts that round in another order may differ by a few per mille.
  const auto model = test::small_llama();
  for (const Degrees degrees : {Degrees{1, 3}, Degrees{3, 1}, Degrees{2, 2}}) {
    LayoutRun run = make_run(degrees, 2, "default");
    run.config.training.mixed_precision_param = "bfloat16";
    const auto expected = test::train_layout_on_threads(one_rank(run), model, 1);
    const auto actual = test::train_layout_on_threads(run, model, degrees.world());
    EXPECT_TRUE(same_training(expected, actual, {2e-3, 5e-2})) << describe(degrees, 2, "default");
  }
}

}  // namespace
}  // namespace titan
