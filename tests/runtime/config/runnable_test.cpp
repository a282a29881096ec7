#include "runtime/config/rules/runnable.h"

#include <gtest/gtest.h>

#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

const std::vector<std::string> kModels = {"llama3", "llama2"};

std::string refusal(const std::vector<std::string>& arguments, RunKind kind) {
  TestJob job;
  job.load(arguments);
  return error_of([&] { check_runnable(job.config, kind, kModels); });
}

std::vector<std::string> notices(const std::vector<std::string>& arguments) {
  TestJob job;
  job.load(arguments);
  return check_runnable(job.config, RunKind::kImagined, kModels);
}

TEST(Runnable, WhatExistsRuns) {
  EXPECT_EQ(refusal({}, RunKind::kReal), "");
  EXPECT_EQ(refusal({"--parallelism.data_parallel_replicate_degree", "2", "--training.enable_cpu_offload",
                     "--optimizer.early_step_in_backward", "--activation_checkpoint.mode", "full"},
                    RunKind::kReal),
            "");
  EXPECT_EQ(refusal({"--parallelism.tensor_parallel_degree", "2", "--activation_checkpoint.selective_ac_option", "op",
                     "--compile.enable"},
                    RunKind::kReal),
            "");
  EXPECT_EQ(refusal({"--activation_checkpoint.mode", "memory_budget", "--compile.enable"}, RunKind::kReal), "");
  EXPECT_EQ(refusal({"--activation_checkpoint.mode", "memory_budget"}, RunKind::kReal), "");
  EXPECT_EQ(refusal({"--parallelism.enable_async_tensor_parallel"}, RunKind::kReal), "") << "nothing to overlap";
}

TEST(Runnable, WhatChangesTheStepAndIsNotThereIsRefusedInEveryRun) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> missing = {
      {{"--parallelism.tensor_parallel_degree", "2", "--parallelism.enable_async_tensor_parallel"},
       "parallelism.enable_async_tensor_parallel: asynchronous tensor parallelism: not there yet"},
      {{"--parallelism.pipeline_parallel_degree", "2"},
       "parallelism.pipeline_parallel_degree: pipelines: not there yet"},
      {{"--parallelism.context_parallel_degree", "2"},
       "parallelism.context_parallel_degree: context parallelism: not there yet"},
      {{"--parallelism.expert_parallel_degree", "2"},
       "parallelism.expert_parallel_degree: expert parallelism: not there yet"},
      {{"--parallelism.expert_tensor_parallel_degree", "2"},
       "parallelism.expert_tensor_parallel_degree: expert tensor parallelism: not there yet"},
      {{"--model.converters", "quantize.linear.mx"}, "model.converters: quantisation: not there yet"},
      {{"--model.flavor", "debugmodel_flex_attn"}, "model.flavor: flex and varlen attention: not there yet"},
      {{"--model.flavor", "8B_varlen"}, "model.flavor: flex and varlen attention: not there yet"},
      {{"--fault_tolerance.enable"}, "fault_tolerance.enable: training in replica groups: not there yet"},
      {{"--model.name", "lama3"}, "model.name: must be one of llama3, llama2; found 'lama3'; did you mean 'llama3'?"},
      {{"--model.name", "qwen3"}, "model.name: must be one of llama3, llama2; found 'qwen3'"},
  };
  for (const auto& [arguments, answer] : missing) {
    EXPECT_EQ(refusal(arguments, RunKind::kReal), answer);
    EXPECT_EQ(refusal(arguments, RunKind::kImagined), answer);
  }
}

TEST(Runnable, WhatDoesNotChangeTheStepIsRefusedOnlyInARealRun) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> missing = {
      {{"--profiling.enable_profiling"}, "profiling.enable_profiling"},
      {{"--profiling.enable_memory_snapshot"}, "profiling.enable_memory_snapshot"},
      {{"--metrics.enable_tensorboard"}, "metrics.enable_tensorboard"},
      {{"--metrics.enable_wandb"}, "metrics.enable_wandb"},
      {{"--checkpoint.enable"}, "checkpoint.enable"},
      {{"--validation.enable"}, "validation.enable"},
      {{"--job.save_config_file", "config.json"}, "job.save_config_file"},
      {{"--model.print_after_conversion"}, "model.print_after_conversion"},
  };
  for (const auto& [arguments, key] : missing) {
    EXPECT_TRUE(refusal(arguments, RunKind::kReal).starts_with(key + ": "));
    ASSERT_EQ(notices(arguments).size(), 1u) << key;
    EXPECT_TRUE(notices(arguments).front().starts_with(key + ": accepted, but "));
  }
}

TEST(Runnable, KeysOfPythonAreAnswered) {
  EXPECT_EQ(notices({"--training.gc_freq", "7"}),
            (std::vector<std::string>{"training.gc_freq: has no effect: there is no garbage collector"}));
  EXPECT_EQ(notices({"--training.gc_freq", "50"}), std::vector<std::string>{});
  EXPECT_EQ(notices({"--training.dataloader.num_workers", "2", "--validation.dataloader.pin_memory",
                     "--compile.backend", "eager"})
                .size(),
            3u);
}

}  // namespace
}  // namespace titan::config
