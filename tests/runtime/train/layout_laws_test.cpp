// Law 1: every composition gives the one-rank run; in float64 to 1e-9, in float32 the loss to 1e-5 and each gradient to
// 1e-4 in norm.
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

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

// Every element's gradient is the same sum in the same order, whatever is gathered and reduced with it.
TEST(LayoutLaws, WrappingBlocksTogetherChangesNotOneBit) {
  const auto model = test::small_llama(/*tensor_ranks=*/1, /*num_layers=*/5);
  for (const Degrees degrees : {Degrees{1, 1}, Degrees{1, 3}, Degrees{3, 1}, Degrees{2, 2}}) {
    for (const char* reshard : {"always", "never"}) {
      LayoutRun run = make_run(degrees, 2, reshard);
      run.config.activation_checkpoint.mode = "selective";
      run.config.training.mixed_precision_param = "bfloat16";
      const auto expected = test::train_layout_on_threads(run, model, degrees.world());
      for (const int together : {2, 5}) {
        run.fsdp_blocks_per_unit = together;
        EXPECT_TRUE(same_training(expected, test::train_layout_on_threads(run, model, degrees.world()), {0.0, 0.0}))
            << describe(degrees, 2, reshard) << " together " << together;
      }
    }
  }
}

LayoutRun reduce_in_bfloat16(LayoutRun run) {
  run.config.training.mixed_precision_reduce = "bfloat16";
  return run;
}

TEST(LayoutLaws, ReducingInBFloat16OnOneRankRoundsTheGradientsOnce) {
  const auto model = test::small_llama();
  LayoutRun run = make_run({1, 1}, 1, "default");
  run.config.training.max_norm = 1e9;
  run.num_steps = 1;
  const auto exact = test::train_layout_on_threads(run, model, 1);
  const auto rounded = test::train_layout_on_threads(reduce_in_bfloat16(run), model, 1);
  ASSERT_FALSE(exact.gradients.empty());
  for (const auto& [name, gradient] : exact.gradients) {
    EXPECT_TRUE(at::equal(rounded.gradients.at(name), gradient.to(at::kBFloat16).to(at::kFloat))) << name;
  }
}

// One rounding to 8 bits changes a number by at most u = 2^-9 of it. A gradient g is the sum of the parts g_r of n = 4
// ranks, each rounded, and is rounded itself; under HSDP so are the 2 sums over shards. For parts that are
// independent, sum |g_r| is about sqrt(n) |g|, so the error is at most u (sqrt(4) + sqrt(2) + 1) |g| < 5 u |g|.
constexpr double kReductionError = 5.0 * 0x1p-9;

TEST(LayoutLaws, ReducingInBFloat16StaysWithinItsRoundings) {
  const auto model = test::small_llama();
  for (const Degrees degrees : {Degrees{1, 4}, Degrees{4, 1}, Degrees{2, 2}}) {
    for (const int accumulation : {1, 2}) {
      LayoutRun run = make_run(degrees, accumulation, "default");
      run.config.training.max_norm = 1e9;
      run.num_steps = 1;
      auto exact = test::train_layout_on_threads(run, model, degrees.world());
      auto rounded = test::train_layout_on_threads(reduce_in_bfloat16(run), model, degrees.world());
      exact.parameters = rounded.parameters = {{"not compared", at::ones({1})}};  // Adam's first step is all signs
      EXPECT_TRUE(same_training(exact, rounded, {kReductionError, kReductionError}))
          << describe(degrees, accumulation, "default");
      EXPECT_FALSE(same_training(exact, rounded, {kReductionError, 0x1p-12})) << "nothing was rounded";
    }
  }
}

// An update of Adam's is about lr in each element, towards the gradient's sign. An error of e_i in an element turns the
// sign at most where |g_i| < e_i, which costs a loss of 2 lr |g_i| < 2 lr e_i. Over N elements that is
// 2 lr sum e_i <= 2 lr 5 u |g|_1 <= 10 u lr sqrt(N) |g| for each step so far.
TEST(LayoutLaws, LossesOfReductionInBFloat16StayNear) {
  const auto model = test::small_llama();
  for (const Degrees degrees : {Degrees{1, 1}, Degrees{1, 4}, Degrees{4, 1}, Degrees{2, 2}}) {
    LayoutRun run = make_run(degrees, 2, "default");
    run.num_steps = 5;
    const auto exact = test::train_layout_on_threads(run, model, degrees.world());
    const auto rounded = test::train_layout_on_threads(reduce_in_bfloat16(run), model, degrees.world());
    double bound = 1e-6;  // float32
    for (int64_t step = 0; step < run.num_steps; ++step) {
      EXPECT_NEAR(rounded.losses[step], exact.losses[step], bound)
          << describe(degrees, 2, "default") << " step " << step + 1;
      bound += 2.0 * kReductionError * run.config.optimizer.lr * std::sqrt(static_cast<double>(model.num_parameters)) *
               exact.grad_norms[step];
    }
    EXPECT_NE(rounded.losses.back(), exact.losses.back());
  }
}

}  // namespace
}  // namespace titan
