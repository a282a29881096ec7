#include "runtime/parallel/pipeline/stage_split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"

namespace titan::pipeline {
namespace {

using Counts = std::vector<int>;

Counts layers_of(const StageModules& stages) {
  Counts counts;
  for (const auto& stage : stages) {
    counts.push_back(static_cast<int>(
        std::count_if(stage.begin(), stage.end(), [](const auto& module) { return module.starts_with("layers."); })));
  }
  return counts;
}

std::string error_of(const SplitOptions& options) {
  try {
    split_stages(options);
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(StageSplit, DealsLayersWithEmbeddingAndOutputCountedAsOne) {
  // 6 + 1 + 1 layers on 4 stages are 2 each.
  EXPECT_EQ(deal_layers(4, 6, 1, 1), (StageModules{{"tok_embeddings", "layers.0"},
                                                   {"layers.1", "layers.2"},
                                                   {"layers.3", "layers.4"},
                                                   {"layers.5", "norm", "output"}}));
  // 34 on 4: 9, 9, 8, 8. 34 on 8: 5, 5, then 4. 128 on 8: 16. 128 on 16: 8. 8 on 8: 1.
  EXPECT_EQ(layers_of(deal_layers(4, 32, 1, 1)), (Counts{8, 9, 8, 7}));
  EXPECT_EQ(layers_of(deal_layers(8, 32, 1, 1)), (Counts{4, 5, 4, 4, 4, 4, 4, 3}));
  EXPECT_EQ(layers_of(deal_layers(8, 126, 1, 1)), (Counts{15, 16, 16, 16, 16, 16, 16, 15}));
  EXPECT_EQ(layers_of(deal_layers(16, 126, 1, 1)), (Counts{7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7}));
  EXPECT_EQ(layers_of(deal_layers(8, 6, 1, 1)), (Counts{0, 1, 1, 1, 1, 1, 1, 0}));
}

TEST(StageSplit, EveryModuleIsOnOneStageInOrder) {
  for (int64_t stages = 1; stages <= 12; ++stages) {
    for (int64_t layers = stages; layers <= 40; ++layers) {
      for (int64_t weight = 0; weight <= layers / stages; ++weight) {
        std::vector<std::string> joined;
        for (const auto& stage : deal_layers(stages, layers, weight, weight)) {
          EXPECT_FALSE(stage.empty());
          joined.insert(joined.end(), stage.begin(), stage.end());
        }
        EXPECT_EQ(joined, all_modules(layers)) << stages << " stages, " << layers << " layers, weight " << weight;
      }
    }
  }
}

TEST(StageSplit, WithoutANumberThereAreOneOrTwoStagesPerRank) {
  EXPECT_EQ(split_stages({.num_layers = 6, .num_ranks = 4}).size(), 4u);
  EXPECT_EQ(split_stages({.num_layers = 6, .num_ranks = 4, .kind = ScheduleKind::kMulti}).size(), 8u);
}

TEST(StageSplit, LayersPerStageRoundUp) {
  // ceil((6 + 2) / 3) = 3 stages.
  EXPECT_EQ(split_stages({.num_layers = 6, .num_ranks = 3, .layers_per_stage = 3}).size(), 3u);
}

TEST(StageSplit, NumbersThatDoNotFitAreRefusedByKey) {
  const std::string key = "parallelism.pipeline_parallel_layers_per_stage: ";
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 2, .layers_per_stage = 3}),
            key + "Number of virtual stages (3) must be divisible by pipeline parallel size (2)");
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 2, .layers_per_stage = 2}),
            key +
                "Single stage schedule requires exactly 1 stage per rank, found 2 with "
                "parallelism.pipeline_parallel_schedule = 1F1B");
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 2, .kind = ScheduleKind::kMulti, .layers_per_stage = 4}),
            key +
                "Multi-stage schedule requires at least 2 stages per rank, found 1 with "
                "parallelism.pipeline_parallel_schedule = PipelineScheduleMulti");
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 9}),
            "parallelism.pipeline_parallel_degree: Number of stages (9) cannot be greater than effective layers (8)");
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 4, .input_weight = 3}),
            "parallelism.pipeline_parallel_first_stage_less_layers: input_weight (3) exceeds minimum layers per stage "
            "(2)");
  EXPECT_EQ(error_of({.num_layers = 6, .num_ranks = 4, .output_weight = 5}),
            "parallelism.pipeline_parallel_last_stage_less_layers: output_weight (5) exceeds minimum layers per stage "
            "(3)");
}

TEST(StageSplit, ListedModulesAreTakenAsTheyAre) {
  const StageModules modules = {{"tok_embeddings"}, {"layers.0", "layers.1", "norm", "output"}};
  EXPECT_EQ(split_stages({.num_layers = 2, .num_ranks = 2, .modules = modules}), modules);
}

TEST(StageSplit, ListedModulesMustBeAllOnceAndInOrder) {
  const auto refusal = [](const StageModules& modules) {
    return error_of({.num_layers = 2, .num_ranks = 2, .modules = modules});
  };
  const std::string key = "parallelism.module_fqns_per_model_part: ";
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.0"}, {"layers.1", "norm"}}), key + "no part names output");
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.0"}, {}}), key + "part 1 names no module");
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.0"}, {"layers.0", "layers.1", "norm", "output"}}),
            key + "part 1 names layers.0 again, or out of order");
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.1"}, {"layers.0", "norm", "output"}}),
            key + "part 0 names layers.1 before layers.0, which comes first");
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.7"}, {"norm", "output"}}),
            key + "part 0 names 'layers.7', which the model lacks");
  EXPECT_EQ(refusal({{"tok_embeddings", "layers.0", "layers.1", "norm", "output"}}),
            key + "Number of virtual stages (1) must be divisible by pipeline parallel size (2)");
}

TEST(Microbatches, DivideTheBatchOrAreRefused) {
  EXPECT_EQ(num_microbatches(8, 2), 4);
  try {
    num_microbatches(8, 3);
    FAIL();
  } catch (const config::ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "parallelism.pipeline_parallel_microbatch_size: Batch size 8 must be divisible by microbatch_size 3. "
                 "Update training.local_batch_size or parallelism.pipeline_parallel_microbatch_size.");
  }
  EXPECT_THROW(num_microbatches(8, 0), config::ContractError);
}

TEST(Microbatches, FewerThanStagesAreWorthAWarning) {
  EXPECT_EQ(bubble_warning(8, 8), "");
  EXPECT_EQ(bubble_warning(4, 8),
            "pipeline: 4 microbatches are fewer than the 8 stages, so that ranks idle more than they need to");
}

}  // namespace
}  // namespace titan::pipeline
