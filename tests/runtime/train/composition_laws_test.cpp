// Law 1 over everything that changes how a step is computed but not what: degrees, loss parallelism, checkpointing,
// accumulation, fused operators, wrapping. In float64 losses, gradients and updated parameters to 1e-9; in float32
// losses to 1e-5 and each tensor to 1e-4 in norm.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <set>

#include "tests/support/covering_set.h"
#include "tests/support/run_layout.h"
#include "tests/support/small_llama.h"

namespace titan {
namespace {

using test::Choice;
using test::LayoutResult;
using test::LayoutRun;
using test::TrainingTolerance;

constexpr int kMaxRanks = 8;
constexpr int kSeqLen = 15;  // 2, 4, 7 and 8 ranks do not divide it: the last ones get padding

enum Factor { kReplicate, kShard, kTensor, kLossParallel, kCheckpoint, kAccumulation, kFused, kWrapping };

struct Checkpointing {
  const char* mode;
  const char* option;
};
constexpr Checkpointing kCheckpointing[] = {{"none", "2"},      {"full", "2"},       {"selective", "1"},
                                            {"selective", "2"}, {"selective", "op"}, {"memory_budget", "2"}};
const std::vector<int> kSizes = {kMaxRanks, kMaxRanks, kMaxRanks, 2, std::size(kCheckpointing), 2, 2, 2};

int replicate(const Choice& choice) { return choice[kReplicate] + 1; }
int shard(const Choice& choice) { return choice[kShard] + 1; }
int tensor(const Choice& choice) { return choice[kTensor] + 1; }
int world(const Choice& choice) { return replicate(choice) * shard(choice) * tensor(choice); }

// Without tensor parallelism there is no loss parallelism to switch off.
bool is_allowed(const Choice& choice) {
  return world(choice) <= kMaxRanks && (tensor(choice) > 1 || choice[kLossParallel] == 0);
}

LayoutRun make_run(const Choice& choice) {
  LayoutRun run{.config = test::small_config()};
  const int accumulation = choice[kAccumulation] + 1;
  const auto& [mode, option] = kCheckpointing[choice[kCheckpoint]];
  run.global_rows = 2 * replicate(choice) * shard(choice);
  run.config.training.seq_len = kSeqLen;
  run.config.training.global_batch_size = run.global_rows;
  run.config.training.local_batch_size = 2 / accumulation;
  run.config.parallelism.data_parallel_replicate_degree = replicate(choice);
  run.config.parallelism.data_parallel_shard_degree = shard(choice);
  run.config.parallelism.tensor_parallel_degree = tensor(choice);
  run.config.parallelism.disable_loss_parallel = choice[kLossParallel] == 1;
  run.config.activation_checkpoint.mode = mode;
  run.config.activation_checkpoint.selective_ac_option = option;
  run.config.activation_checkpoint.memory_budget = 0.3;
  run.config.compile.enable = choice[kFused] == 1;
  run.fsdp_blocks_per_unit = choice[kWrapping] + 1;  // of two
  return run;
}

std::string describe(const Choice& choice) {
  const auto& [mode, option] = kCheckpointing[choice[kCheckpoint]];
  return "dp_replicate " + std::to_string(replicate(choice)) + " dp_shard " + std::to_string(shard(choice)) + " tp " +
         std::to_string(tensor(choice)) + (choice[kLossParallel] ? " whole logits " : " loss parallel ") + mode + " " +
         option + " accumulation " + std::to_string(choice[kAccumulation] + 1) +
         (choice[kFused] ? " fused" : " eager") + (choice[kWrapping] ? " blocks together" : "");
}

/// The one-rank run of the same model on the same global batch; few differ.
class References {
 public:
  explicit References(std::optional<c10::ScalarType> dtype) : dtype_(dtype) {}

  const LayoutResult& of(const Choice& choice) {
    const auto key = std::pair(tensor(choice), replicate(choice) * shard(choice));
    if (const auto known = results_.find(key); known != results_.end()) return known->second;
    LayoutRun run = make_run({0, 0, 0, 0, 0, 0, 0, 0});
    run.global_rows = 2 * key.second;
    run.config.training.global_batch_size = run.config.training.local_batch_size = run.global_rows;
    run.uniform_dtype = dtype_;
    return results_[key] = test::train_layout_on_threads(run, test::small_llama(tensor(choice)), 1);
  }

 private:
  std::optional<c10::ScalarType> dtype_;
  std::map<std::pair<int, int>, LayoutResult> results_;
};

/// Every pair of choices; everything with TITAN_FULL_PRODUCT=1 in the environment.
std::vector<Choice> choices() {
  const auto all = test::full_product(kSizes, is_allowed);
  return std::getenv("TITAN_FULL_PRODUCT") ? all : test::covering_set(all);
}

void expect_one_rank_run(std::optional<c10::ScalarType> dtype, const TrainingTolerance& tolerance) {
  References references(dtype);
  for (const Choice& choice : choices()) {
    LayoutRun run = make_run(choice);
    run.uniform_dtype = dtype;
    const auto actual = test::train_layout_on_threads(run, test::small_llama(tensor(choice)), world(choice));
    EXPECT_TRUE(same_training(references.of(choice), actual, tolerance)) << describe(choice);
  }
}

/// Which values of two factors occur together: {factor, value, earlier factor, value}.
std::set<std::array<int, 4>> pairs_of(const std::vector<Choice>& choices) {
  std::set<std::array<int, 4>> pairs;
  for (const Choice& choice : choices) {
    for (int a = 0; a < static_cast<int>(choice.size()); ++a) {
      for (int b = 0; b < a; ++b) pairs.insert({a, choice[a], b, choice[b]});
    }
  }
  return pairs;
}

// Degrees: the triples of positive numbers with a product of at most 8 are 38, of them 20 with tp 1 (sum of 8/n) and 18
// with more, which double by loss parallelism: 20 + 36 = 56; times 6 kinds of checkpointing, 2 accumulations, 2 kinds
// of operators, 2 ways to wrap: 2688.
TEST(CompositionLaws, AreCheckedOnEveryPairOfChoices) {
  const auto all = test::full_product(kSizes, is_allowed);
  EXPECT_EQ(all.size(), 2688u);
  EXPECT_EQ(pairs_of(choices()), pairs_of(all));
  RecordProperty("compositions", static_cast<int>(choices().size()));
}

TEST(CompositionLaws, EveryCompositionGivesTheOneRankRunInFloat64) { expect_one_rank_run(at::kDouble, {1e-9, 1e-9}); }

TEST(CompositionLaws, EveryCompositionGivesTheOneRankRunInFloat32) { expect_one_rank_run(std::nullopt, {1e-5, 1e-4}); }

}  // namespace
}  // namespace titan
