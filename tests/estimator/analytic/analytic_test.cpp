#include "estimator/analytic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "runtime/config/check.h"

namespace titan::estimator {
namespace {

using config::ModelDims;

// Layers, width, heads, key/value heads, feed-forward width, vocabulary, as published with the models.
constexpr ModelDims kLlama3_8B{32, 4096, 32, 8, 14336, 128256};
constexpr ModelDims kLlama3_70B{80, 8192, 64, 8, 28672, 128256};
constexpr ModelDims kLlama3_405B{126, 16384, 128, 8, 53248, 128256};
constexpr ModelDims kLlama2_7B{32, 4096, 32, 32, 11008, 32000};
constexpr ModelDims kLlama2_13B{40, 5120, 40, 40, 13824, 32000};
constexpr ModelDims kLlama2_70B{80, 8192, 64, 8, 28672, 32000};
constexpr ModelDims kDebug{6, 256, 16, 16, 768, 2048};

constexpr double kGiB = 0x1p30;

// The sums of the parameter counts in the published checkpoints' indices (8.03B, 70.6B, 405.9B; 6.74B, 13.0B, 69.0B).
TEST(Parameters, AreThoseOfThePublishedCheckpoints) {
  EXPECT_EQ(num_parameters(kLlama3_8B), 8'030'261'248);
  EXPECT_EQ(num_parameters(kLlama3_70B), 70'553'706'496);
  EXPECT_EQ(num_parameters(kLlama3_405B), 405'853'388'800);
  EXPECT_EQ(num_parameters(kLlama2_7B), 6'738'415'616);
  EXPECT_EQ(num_parameters(kLlama2_13B), 13'015'864'320);
  EXPECT_EQ(num_parameters(kLlama2_70B), 68'976'648'192);
}

TEST(Parameters, OfPipelineStagesAreThoseOfTheModel) {
  int64_t numel = 0;
  const ModelPart stages[] = {{0, 1, true, false}, {1, 3, false, false}, {4, 2, false, true}};
  for (const ModelPart& stage : stages) {
    for (const Weight& weight : weights_of(kDebug, stage)) numel += weight.numel();
  }
  EXPECT_EQ(numel, num_parameters(kDebug));
}

// torchtitan's own formula, evaluated by hand for 8B: outside the embedding 8030261248 - 128256 * 4096 = 7504924672;
// times 6 = 45029548032; attention 12 * 32 * 4096 * 8192 = 12884901888. The others are listed in the reference.
TEST(FlopsPerToken, FollowTorchtitansFormula) {
  EXPECT_EQ(torchtitan_flops_per_token(kLlama3_8B, 8192), 45'029'548'032.0 + 12'884'901'888.0);
  EXPECT_EQ(torchtitan_flops_per_token(kLlama3_8B, 2048), 48'250'773'504.0);
  EXPECT_EQ(torchtitan_flops_per_token(kLlama3_70B, 8192), 481'442'709'504.0);
  EXPECT_EQ(torchtitan_flops_per_token(kLlama3_405B, 8192), 2'625'449'459'712.0);
  EXPECT_EQ(torchtitan_flops_per_token(kDebug, 2048), 71'585'280.0);
}

/// A measured row: tokens per second and GPU (whole) and MFU in percent (one decimal).
struct Row {
  ModelDims dims;
  int64_t seq_len;
  double tokens_per_second;
  double mfu;
};

// The A100 table: both columns are rounded, so that they agree to half a token and half a tenth of a percent.
TEST(Mfu, OfTheA100TableCountsTheEmbedding) {
  const Row rows[] = {{kLlama2_13B, 4096, 2162, 61.1}, {kLlama2_13B, 4096, 1914, 54.1}, {kLlama2_13B, 4096, 1904, 53.8},
                      {kLlama2_70B, 4096, 355, 50.8},  {kLlama2_70B, 4096, 353, 50.5},  {kLlama3_8B, 8192, 2904, 56.8},
                      {kLlama3_8B, 8192, 2973, 58.2},  {kLlama3_70B, 8192, 331, 51.7}};
  for (const Row& row : rows) {
    const auto mfu = [&](double tokens) {
      return mfu_percent(a100_table_flops_per_token(row.dims, row.seq_len), tokens, 312e12);
    };
    EXPECT_LE(mfu(row.tokens_per_second - 0.5), row.mfu + 0.05) << row.tokens_per_second;
    EXPECT_GE(mfu(row.tokens_per_second + 0.5), row.mfu - 0.05) << row.tokens_per_second;
  }
  // Without the embedding the first 8B row would be 55.0 - 1.8: another number.
  EXPECT_LT(mfu_percent(torchtitan_flops_per_token(kLlama3_8B, 8192), 2904, 312e12), 55.0);
}

// Published as 33.7, 39.0 and 50.0 % of 989 TFLOP/s for 5762, 6667 and 8532 tokens/s (334, 386, 494 TFLOP/s).
TEST(Mfu, OfTheH100TableLeavesTheEmbeddingOut) {
  const double flops = torchtitan_flops_per_token(kLlama3_8B, 8192);
  EXPECT_NEAR(mfu_percent(flops, 5762, 989e12), 33.7, 0.05);
  EXPECT_NEAR(mfu_percent(flops, 6667, 989e12), 39.0, 0.05);
  EXPECT_NEAR(mfu_percent(flops, 8532, 989e12), 50.0, 0.05);
}

// debugmodel by hand. A block multiplies with 4 * 256 * 256 (attention, 16 heads of 16 each for q, k, v) + 3 * 256 *
// 768 = 852'000 - 0 = 851'968 weights, six blocks with 5'111'808, the head with 2048 * 256 = 524'288: 5'636'096 in all.
// Attention: one product takes 2 * 256 * 128 / 2 = 32'768 FLOPs per token and block.
TEST(StepFlops, OfTheDebugModelAreThoseCountedByHand) {
  const StepFlops flops = step_flops(kDebug, {.tokens = 1000, .seq_len = 128});
  EXPECT_EQ(flops.matmul_forward, 2.0 * 5'636'096 * 1000);
  EXPECT_EQ(flops.matmul_backward, 4.0 * 5'636'096 * 1000);
  EXPECT_EQ(flops.matmul_recomputed, 0.0);
  EXPECT_EQ(flops.attention_forward, 2.0 * 32'768 * 6 * 1000);
  EXPECT_EQ(flops.attention_backward, 5.0 * 32'768 * 6 * 1000);
  EXPECT_EQ(flops.attention_recomputed, 0.0);
}

TEST(StepFlops, CountAttentionAsTold) {
  const StepFlops causal = step_flops(kDebug, {.tokens = 8, .seq_len = 128});
  const StepFlops full = step_flops(kDebug, {.tokens = 8, .seq_len = 128, .causal = false});
  EXPECT_EQ(full.attention(), 2.0 * causal.attention());
  EXPECT_EQ(full.matmul(), causal.matmul());
  const StepFlops kept = step_flops(kDebug, {.tokens = 8, .seq_len = 128, .recomputes_scores = false});
  EXPECT_EQ(kept.attention_backward, 0.8 * causal.attention_backward);
}

// Without causal discount and with scores kept, forward and backward are 6 per multiplied weight and 12 · layers · dim
// · seq_len for attention: torchtitan's formula less 6 per norm weight, which nothing is multiplied with as a matrix.
TEST(StepFlops, AgreeWithTheFormulaOfModelFlops) {
  for (const ModelDims& dims : {kDebug, kLlama3_8B, kLlama3_70B, kLlama3_405B, kLlama2_7B}) {
    const StepFlops flops =
        step_flops(dims, {.tokens = 1, .seq_len = 4096, .causal = false, .recomputes_scores = false});
    const double norms = 6.0 * static_cast<double>(dims.dim * (2 * dims.num_layers + 1));
    EXPECT_DOUBLE_EQ(flops.matmul() + flops.attention(), torchtitan_flops_per_token(dims, 4096) - norms);
  }
}

// A block of 8B: wq and wo 4096 * 4096 = 16'777'216 each, wk and wv a quarter of that, w1, w2, w3 4096 * 14336 =
// 58'720'256 each; in all 218'103'808. Of wq wk wv wo w1 w3 w2 the second, fourth and sixth run again: wk, wo, w3.
TEST(StepFlops, OfCheckpointingAreThoseOfTheMatmulsThatRunAgain) {
  const auto recomputed = [](StepWork work) {
    work.tokens = 10;
    work.seq_len = 8192;
    return step_flops(kLlama3_8B, work);
  };
  const double product = 0.5 * 2.0 * 4096 * 8192 * 10;
  EXPECT_EQ(recomputed({.checkpointing = Checkpointing::none}).matmul_recomputed, 0.0);
  const StepFlops full = recomputed({.checkpointing = Checkpointing::full, .stops_early = false});
  EXPECT_EQ(full.matmul_recomputed, 2.0 * 32 * 218'103'808 * 10);
  EXPECT_EQ(full.attention_recomputed, 2.0 * 32 * product);
  const StepFlops early = recomputed({.checkpointing = Checkpointing::full});
  EXPECT_EQ(early.matmul_recomputed, 2.0 * 32 * (218'103'808 - 58'720'256) * 10);
  EXPECT_EQ(early.attention_recomputed, full.attention_recomputed);
  const StepFlops op = recomputed({.checkpointing = Checkpointing::op});
  EXPECT_EQ(op.matmul_recomputed, 2.0 * 32 * (4'194'304 + 16'777'216 + 58'720'256) * 10);
  EXPECT_EQ(op.attention_recomputed, 0.0);
  const StepFlops third = recomputed({.checkpointing = Checkpointing::every_nth, .every_n = 3});
  EXPECT_EQ(third.matmul_recomputed, 2.0 * 10 * (218'103'808 - 58'720'256) * 10);  // blocks 3, 6, ..., 30
  EXPECT_EQ(third.attention_recomputed, 2.0 * 10 * product);
}

TEST(StepFlops, RefuseANonsensicalFrequency) {
  EXPECT_THROW(step_flops(kDebug, {.tokens = 1, .seq_len = 1, .every_n = 0}), config::ContractError);
}

// "fp32 parameters + Adam" of a memory trace of the published rows: 11.22 GiB for 8B on 8 GPUs, 0.70 on 128, 3.09 for
// 70B on dp_shard 32 x tp 8, to their two decimals (3.09: with what tp does not cut).
TEST(StateBytes, AreThoseOfThePublishedRuns) {
  const auto state = [](const ModelDims& dims, const StateLayout& layout) {
    const StateBytes bytes = state_bytes(dims, whole_model(dims), layout);
    return static_cast<double>(bytes.parameters + bytes.optimizer) / kGiB;
  };
  EXPECT_NEAR(state(kLlama3_8B, {.shard = 8}), 11.22, 0.005);
  EXPECT_NEAR(state(kLlama3_8B, {.shard = 128}), 0.70, 0.005);
  EXPECT_NEAR(state(kLlama3_70B, {.tensor = 8, .shard = 32}), 3.09, 0.01);
}

// ZeRO's table: 16 bytes per parameter in float32 with Adam, divided by the shards; 4 bytes of step count per tensor.
TEST(StateBytes, OfOneRankAreSixteenPerParameter) {
  const StateBytes bytes = state_bytes(kDebug, whole_model(kDebug), {});
  const int64_t tensors = 6 * 9 + 3;
  EXPECT_EQ(bytes.parameters, 4 * num_parameters(kDebug));
  EXPECT_EQ(bytes.gradients, 4 * num_parameters(kDebug));
  EXPECT_EQ(bytes.optimizer, 8 * num_parameters(kDebug) + 4 * tensors);
  EXPECT_EQ(bytes.total(), 16 * num_parameters(kDebug) + 4 * tensors);
  const StateBytes half =
      state_bytes(kDebug, whole_model(kDebug), {.element_bytes = 2, .num_moments = 0, .step_bytes = 0});
  EXPECT_EQ(half.total(), 4 * num_parameters(kDebug));
}

/// Law: the shards of a group hold every element once, whatever the sizes; coordinate 0 holds the most.
TEST(StateBytes, OfAllShardsAreThoseOfTheWhole) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int64_t heads = 1 + static_cast<int64_t>(random() % 8);
    const ModelDims dims{1 + static_cast<int64_t>(random() % 4),
                         heads * (1 + static_cast<int64_t>(random() % 20)),
                         heads,
                         heads,
                         1 + static_cast<int64_t>(random() % 99),
                         1 + static_cast<int64_t>(random() % 99)};
    const auto shard = 1 + static_cast<int64_t>(random() % 40);
    int64_t sum = 0, first = 0;
    for (int64_t coordinate = 0; coordinate < shard; ++coordinate) {
      const int64_t bytes = state_bytes(dims, whole_model(dims), {.shard = shard, .coordinate = coordinate}).parameters;
      if (coordinate == 0) first = bytes;
      EXPECT_LE(bytes, first);
      sum += bytes;
    }
    EXPECT_EQ(sum, 4 * num_parameters(dims));
  }
}

// tp 2 halves all but the norms: (N - norms) / 2 + norms, norms = 13 * 256.
TEST(StateBytes, OfTensorParallelRanksShareTheNorms) {
  const int64_t norms = 13 * 256;
  EXPECT_EQ(state_bytes(kDebug, whole_model(kDebug), {.tensor = 2}).parameters,
            4 * ((num_parameters(kDebug) - norms) / 2 + norms));
  EXPECT_THROW(state_bytes(kDebug, whole_model(kDebug), {.tensor = 3}), config::ContractError);
}

/// Idle share of a pipeline in which every rank runs all forwards, then all backwards (GPipe), found by running it:
/// a microbatch starts on a rank when the rank is free and the neighbour is done with it.
double gpipe_idle_share(int64_t num_ranks, int64_t num_microbatches, double forward, double backward) {
  const auto count = static_cast<size_t>(num_ranks);
  std::vector<double> free(count, 0.0);
  const auto run = [&](bool towards_first, double duration) {
    for (int64_t microbatch = 0; microbatch < num_microbatches; ++microbatch) {
      double arrived = 0.0;
      for (size_t i = 0; i < count; ++i) {
        double& rank = free[towards_first ? count - 1 - i : i];
        rank = arrived = std::max(rank, arrived) + duration;
      }
    }
  };
  run(false, forward);
  run(true, backward);
  const double busy = static_cast<double>(num_microbatches) * (forward + backward);
  return 1.0 - busy / *std::max_element(free.begin(), free.end());
}

TEST(Bubble, IsWhatRunningThePipelineGives) {
  for (int64_t ranks = 1; ranks <= 9; ++ranks) {
    for (int64_t microbatches = 1; microbatches <= 20; ++microbatches) {
      EXPECT_NEAR(bubble_share(ranks, microbatches), gpipe_idle_share(ranks, microbatches, 1.0, 2.0), 1e-12);
    }
  }
}

// 8 ranks and 8 microbatches: 7 of 15; two stages per rank halve the bubble against the work: 7 of 23.
TEST(Bubble, ShrinksWithStagesPerRank) {
  EXPECT_DOUBLE_EQ(bubble_share(8, 8), 7.0 / 15.0);
  EXPECT_DOUBLE_EQ(bubble_share(8, 8, 2), 7.0 / 23.0);
  EXPECT_EQ(bubble_share(1, 8), 0.0);
  EXPECT_THROW(bubble_share(8, 0), config::ContractError);
}

}  // namespace
}  // namespace titan::estimator
