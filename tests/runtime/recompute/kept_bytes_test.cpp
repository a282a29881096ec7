// What the blocks of a Llama keep between forward and backward under each checkpointing mode, on one rank and on two
// tensor-parallel ones, against sums over the tensors that each operator keeps.
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <iostream>

#include "models/llama3/config.h"
#include "models/llama3/model.h"
#include "models/llama3/parallelize.h"
#include "runtime/platform/memory_counter.h"
#include "runtime/platform/rank_threads.h"
#include "runtime/train/session.h"

// Sizes: B batch, S sequence, T = B S tokens, E width, H query heads, K key/value heads, D head size, F inner width, n
// ranks.

namespace titan::train {
namespace {

constexpr int64_t kB = 2, kS = 32, kT = kB * kS, kE = 64, kH = 4, kK = 2, kD = kE / kH, kF = 96, kVocab = 32;
constexpr int64_t kNumBlocks = 2;
constexpr int64_t kBytes = 4;  // of a float32

ModelSpec make_model() {
  const models::llama3::Config config{.dims = {kNumBlocks, kE, kH, kK, kF, kVocab}};
  return {.name = "llama3",
          .flavor = "measured",
          .dims = config.dims,
          .num_parameters = models::llama3::num_parameters(config),
          .flops_per_token = [config](int64_t seq_len) { return models::llama3::flops_per_token(config, seq_len); },
          .tensor_plan = models::llama3::tensor_plan(),
          .build = [config](const ModelOptions& options) { return models::llama3::build(config, options); }};
}

struct Mode {
  std::string mode;
  std::string option = "2";
  double budget = 0.5;
};

config::JobConfig make_config(const Mode& mode, int num_ranks) {
  config::JobConfig config;
  config.training.seq_len = kS;
  config.training.local_batch_size = kB;
  config.training.mixed_precision_param = "float32";
  config.parallelism.tensor_parallel_degree = num_ranks;
  config.activation_checkpoint.mode = mode.mode;
  config.activation_checkpoint.selective_ac_option = mode.option;
  config.activation_checkpoint.memory_budget = mode.budget;
  return config;
}

/// Runs one block forward; its input exists before and its output is dropped.
int64_t kept_by(const unit::RunnerUnit& one, platform::Platform& platform, int num_ranks) {
  one.sharding->begin_unshard();
  one.sharding->finish_unshard();
  const at::Tensor x = at::randn({kB, kS / num_ranks, kE});
  unit::SavedForward saved;
  const int64_t before = platform.memory_stats().allocated_bytes;
  platform.run_unit({.unit = one.unit.get(),
                     .phase = unit::Phase::forward,
                     .checkpoint = one.checkpoint.get(),
                     .arguments = {x},
                     .saved = &saved});
  const int64_t kept = platform.memory_stats().allocated_bytes - before;
  saved = {};
  EXPECT_EQ(platform.memory_stats().allocated_bytes, before);
  one.sharding->reshard();
  return kept;
}

/// Bytes kept by both blocks, on each rank the same.
int64_t kept_bytes(const Mode& mode, int num_ranks) {
  platform::install_counting_allocator();
  const auto config = make_config(mode, num_ranks);
  const auto model = make_model();
  std::vector<int64_t> kept(num_ranks, 0);
  platform::run_rank_threads(num_ranks, [&](platform::Platform& platform) {
    metrics::Logger quiet(std::cout, {.quiet = true});
    Session session({.config = config, .model = model, .platform = platform, .log = quiet});
    const auto& units = session.runner().units();
    for (int64_t block = 1; block <= kNumBlocks; ++block) {
      kept[platform.world().rank] += kept_by(units[block], platform, num_ranks);
    }
  });
  for (const int64_t bytes : kept) EXPECT_EQ(bytes, kept.front());
  return kept.front();
}

// What the graph of one block holds on one of n ranks, besides its input x [T/n, E] and the weights, in floats:
//
//   attention_norm  at::rms_norm is a composite here: r = rsqrt(mean(pow(x, 2)) + eps), y = x · r · weight.
//                   pow's derivative 2 x and the first product keep x; rsqrt's, -r³/2, and the first product keep r,
//                   T/n; the second product keeps its left factor x · r, T E/n, beside the weight. The mean keeps
//                   nothing, the sum with eps is in place.
//   wq wk wv        keep their common input, the norm's output. Sequence parallelism gathers it, T E on every rank, and
//                   the part before the gathering dies.
//   rope            multiplies complex pairs by the table's, which take no gradient: its derivative needs the table
//                   only, a buffer that exists anyway. What wq and wk gave dies.
//   attention       keeps q (T H D/n), k and v (T K D/n each), its output (T H D/n) and one logsumexp for each query
//                   and head (T H/n).
//   wo              keeps its input, attention's output again: heads lie inside tokens, so flattening copies nothing.
//   x + ...         keeps nothing, but its sum h, T E/n, is what ffn_norm keeps as x; then as above r and h · r.
//   w1 w3           keep their common input, T E.
//   silu(w1) · w3   silu keeps w1's output, the product silu's and w3's: T F/n each.
//   w2              keeps its input, T F/n.
//   the last sum    keeps nothing.
int64_t graph_floats(int64_t n) {
  const int64_t norm = kT / n + kT * kE / n;
  const int64_t attention = kT * kE + (2 * kT * kH * kD + 2 * kT * kK * kD + kT * kH) / n;
  const int64_t feed_forward = kT * kE / n + kT * kE + 4 * kT * kF / n;
  return 2 * norm + attention + feed_forward;
}

/// An operator whose output a checkpointed block can keep.
struct Output {
  const char* name;
  int64_t floats;
  double flops;
};

// In the order of the block's calls. A product [T, in] x [in, out] takes 2 T in out operations, causal attention half
// of two products over all T S H D pairs. Each byte between ranks counts as 989e12 / 450e9 operations (H100 over
// NVLink).
std::vector<Output> outputs_of_a_block(int64_t n) {
  const auto product = [](const char* name, int64_t in, int64_t out) {
    return Output{name, kT * out, 2.0 * static_cast<double>(kT * in * out)};
  };
  const Output reduce_scatter{"reduce_scatter", kT * kE / n, 989e12 / 450e9 * static_cast<double>(kBytes * kT * kE)};
  std::vector<Output> outputs = {product("wq", kE, kH * kD / n), product("wk", kE, kK * kD / n),
                                 product("wv", kE, kK * kD / n)};
  outputs.push_back({"attention", (kT * kH * kD + kT * kH) / n, 2.0 * static_cast<double>(kT * kH * kD / n * kS)});
  outputs.push_back(product("wo", kH * kD / n, kE));
  if (n > 1) outputs.push_back(reduce_scatter);
  outputs.push_back(product("w1", kE, kF / n));
  outputs.push_back(product("w3", kE, kF / n));
  outputs.push_back(product("w2", kF / n, kE));
  if (n > 1) outputs.push_back(reduce_scatter);
  return outputs;
}

// By operator: matmuls 1, 3, 5, 7, and everything that is no matmul.
int64_t by_operator_floats(int64_t n) {
  int64_t floats = 0;
  for (const auto& output : outputs_of_a_block(n)) {
    const std::string name = output.name;
    if (name != "wk" && name != "wo" && name != "w3") floats += output.floats;
  }
  return floats;
}

/// The best of all subsets: the least operations that run again within `budget` of the graph's memory, and of equal
/// ones the smallest. What only the residual stream reads (w2, its reduce-scatter) does not run again, kept or not.
int64_t best_floats_within(double budget, int64_t n) {
  auto outputs = outputs_of_a_block(n);
  for (size_t i = outputs.size() - (n > 1 ? 2 : 1); i < outputs.size(); ++i) outputs[i].flops = 0.0;
  const auto limit = static_cast<int64_t>(budget * static_cast<double>(kBytes * graph_floats(n)));
  int64_t best_floats = 0;
  double best_flops = -1.0;
  for (uint32_t subset = 0; subset < 1u << outputs.size(); ++subset) {
    int64_t floats = 0;
    double flops = 0.0;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      floats += outputs[i].floats;
      flops += outputs[i].flops;
    }
    if (kBytes * floats > limit) continue;
    if (flops > best_flops || (flops == best_flops && floats < best_floats)) {
      best_floats = floats;
      best_flops = flops;
    }
  }
  return best_floats;
}

class KeptBytes : public testing::TestWithParam<int> {};

TEST_P(KeptBytes, AreTheSumOfWhatEachOperatorKeeps) {
  const int n = GetParam();
  const int64_t graph = kBytes * graph_floats(n);
  EXPECT_EQ(kept_bytes({"none"}, n), 2 * graph);
  EXPECT_EQ(kept_bytes({"selective", "2"}, n), graph) << "the first block of two";
  EXPECT_EQ(kept_bytes({"selective", "op"}, n), 2 * kBytes * by_operator_floats(n));
  EXPECT_EQ(kept_bytes({"selective", "1"}, n), 0);
  EXPECT_EQ(kept_bytes({"full"}, n), 0);
}

TEST_P(KeptBytes, OfABudgetAreTheBestChoiceWithinItsShareOfTheGraph) {
  const int n = GetParam();
  for (const double budget : {0.1, 0.3, 0.6}) {
    SCOPED_TRACE(budget);
    const int64_t kept = kept_bytes({.mode = "memory_budget", .budget = budget}, n);
    EXPECT_EQ(kept, 2 * kBytes * best_floats_within(budget, n));
    EXPECT_LE(static_cast<double>(kept), budget * static_cast<double>(2 * kBytes * graph_floats(n)));
  }
  EXPECT_EQ(kept_bytes({.mode = "memory_budget", .budget = 1.0}, n), 2 * kBytes * graph_floats(n));
}

TEST_P(KeptBytes, FallInTheOrderThatTheoryGives) {
  const int n = GetParam();
  const auto budget = [n](double share) { return kept_bytes({.mode = "memory_budget", .budget = share}, n); };
  const int64_t none = kept_bytes({"none"}, n), full = kept_bytes({"full"}, n);
  const std::vector<int64_t> rising = {full, budget(0.1), budget(0.3), budget(0.6), none};
  for (size_t i = 1; i < rising.size(); ++i) EXPECT_LT(rising[i - 1], rising[i]) << i;
  for (const char* option : {"2", "op"}) {
    EXPECT_GT(kept_bytes({"selective", option}, n), full) << option;
    EXPECT_LT(kept_bytes({"selective", option}, n), none) << option;
  }
}

INSTANTIATE_TEST_SUITE_P(OnOneAndTwoTensorParallelRanks, KeptBytes, testing::Values(1, 2));

}  // namespace
}  // namespace titan::train
