#include "runtime/config/command_line.h"

#include <gtest/gtest.h>

#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

TEST(CommandLine, TakesValuesAfterABlankOrAnEqualsSign) {
  TestJob job;
  job.load(
      {"--training.steps", "12", "--optimizer.lr=3e-4", "--job.description=a=b", "--training.global_batch_size", "-1"});
  EXPECT_EQ(job.config.training.steps, 12);
  EXPECT_EQ(job.config.optimizer.lr, 3e-4);
  EXPECT_EQ(job.config.job.description, "a=b");
  EXPECT_EQ(job.config.training.global_batch_size, -1);
}

TEST(CommandLine, TreatsDashAndUnderscoreAlikeInNamesOnly) {
  TestJob job;
  job.load({"--lr-scheduler.warmup-steps", "3", "--lr_scheduler.decay_type", "cosine", "--job.dump-folder", "a-b_c"});
  EXPECT_EQ(job.config.lr_scheduler.warmup_steps, 3);
  EXPECT_EQ(job.config.job.dump_folder, "a-b_c");
}

TEST(CommandLine, SwitchesFlagsOnAndOff) {
  TestJob job;
  job.load({"--compile.enable", "--checkpoint.no_last_save_model_only", "--checkpoint.no-initial-load-model-only"});
  EXPECT_TRUE(job.config.compile.enable);
  EXPECT_FALSE(job.config.checkpoint.last_save_model_only);
  EXPECT_FALSE(job.config.checkpoint.initial_load_model_only);
}

TEST(CommandLine, ReachesNestedTables) {
  TestJob job;
  job.load({"--training.dataloader.num_workers", "2", "--quantize.linear.float8.emulate"});
  EXPECT_EQ(job.config.training.dataloader.num_workers, 2);
  EXPECT_TRUE(job.config.quantize.linear.float8.emulate);
}

TEST(CommandLine, SplitsListsAtCommas) {
  TestJob job;
  job.load({"--model.converters", "quantize.linear.float8, quantize.grouped_mm.float8", "--compile.components="});
  EXPECT_EQ(job.config.model.converters, (TextList{"quantize.linear.float8", "quantize.grouped_mm.float8"}));
  EXPECT_EQ(job.config.compile.components, TextList{});
}

TEST(CommandLine, ReadsListsOfListsAsToml) {
  TestJob job;
  job.load({"--parallelism.module_fqns_per_model_part", R"([["tok_embeddings", "layers.0"], ["norm"]])"});
  EXPECT_EQ(job.config.parallelism.module_fqns_per_model_part, (TextTable{{"tok_embeddings", "layers.0"}, {"norm"}}));
}

TEST(CommandLine, UnsetsOptionalKeysWithNone) {
  TestJob job;
  job.load({"--parallelism.context_parallel_load_balancer", "None", "--debug.seed", "-5"});
  EXPECT_FALSE(job.config.parallelism.context_parallel_load_balancer.has_value());
  EXPECT_EQ(job.config.debug.seed, -5);
}

TEST(CommandLine, LetsTheLastOfRepeatedOptionsWin) {
  TestJob job;
  job.load({"--training.steps", "1", "--compile.enable", "--training.steps=2", "--compile.no_enable"});
  EXPECT_EQ(job.config.training.steps, 2);
  EXPECT_FALSE(job.config.compile.enable);
}

TEST(CommandLine, KnowsShortNames) {
  TestJob job;
  job.load({"--hardware", "a100", "--gpus", "64"});
  EXPECT_EQ(job.gpu, "a100");
  EXPECT_EQ(job.num_gpus, 64);
}

TEST(CommandLine, HoldsOptionsOfACommandWithoutASection) {
  TestJob job;
  std::string json;
  bool verbose = true;
  job.schema.section("", "options of this command").field("json", json, "write JSON").field("verbose", verbose, "talk");
  job.load({"--json", "-", "--no-verbose"});
  EXPECT_EQ(json, "-");
  EXPECT_FALSE(verbose);
  EXPECT_EQ(error_of([&] { job.load({"--jsn", "-"}); }), "jsn: unknown key; did you mean 'json'?");
}

TEST(CommandLine, SpellsSchedulesAsDeclaredWhateverTheCase) {
  TestJob job;
  job.load({"--parallelism.pipeline_parallel_schedule", "interleaved1f1b", "--checkpoint.async_mode", "ASYNC"});
  EXPECT_EQ(job.config.parallelism.pipeline_parallel_schedule, "Interleaved1F1B");
  EXPECT_EQ(job.config.checkpoint.async_mode, "async");
}

TEST(CommandLine, ReadsNumbersAsPythonDoes) {
  TestJob job;
  job.load({"--training.steps", "10_000", "--optimizer.lr", ".5", "--training.max_norm", "+2"});
  EXPECT_EQ(job.config.training.steps, 10000);
  EXPECT_EQ(job.config.optimizer.lr, 0.5);
  EXPECT_EQ(job.config.training.max_norm, 2.0);
}

}  // namespace
}  // namespace titan::config
