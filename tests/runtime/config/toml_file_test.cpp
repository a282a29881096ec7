#include "runtime/config/toml_file.h"

#include <gtest/gtest.h>

#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

TEST(TomlFile, FillsEveryKindOfKey) {
  TestJob job;
  const auto keys = load_toml(job.schema, R"(
[training]
steps = 7
max_norm = 2              # a whole number where a float is expected
enable_cpu_offload = true
dataloader.num_workers = 4
[optimizer]
lr = 1e-3
[lr_scheduler]
decay_ratio = 0.5
total_steps = 1_000
[model]
converters = ["quantize.linear.float8"]
[parallelism]
module_fqns_per_model_part = [["tok_embeddings"], ["layers.0", "norm"]]
[quantize.grouped_mm]
float8.fqns = "experts,shared"
)",
                              "job.toml");
  EXPECT_EQ(job.config.training.steps, 7);
  EXPECT_EQ(job.config.training.max_norm, 2.0);
  EXPECT_TRUE(job.config.training.enable_cpu_offload);
  EXPECT_EQ(job.config.training.dataloader.num_workers, 4);
  EXPECT_EQ(job.config.optimizer.lr, 1e-3);
  EXPECT_EQ(job.config.lr_scheduler.decay_ratio, 0.5);
  EXPECT_EQ(job.config.lr_scheduler.total_steps, 1000);
  EXPECT_EQ(job.config.model.converters, TextList{"quantize.linear.float8"});
  EXPECT_EQ(job.config.parallelism.module_fqns_per_model_part, (TextTable{{"tok_embeddings"}, {"layers.0", "norm"}}));
  EXPECT_EQ(job.config.quantize.grouped_mm.float8.fqns, (TextList{"experts", "shared"}));
  EXPECT_EQ(keys.size(), 10u);
}

TEST(TomlFile, AcceptsAnEmptyDocumentAndEmptySections) {
  TestJob job;
  EXPECT_TRUE(load_toml(job.schema, "", "job.toml").empty());
  EXPECT_TRUE(load_toml(job.schema, "# nothing\n[training]\n", "job.toml").empty());
}

TEST(TomlFile, FillsSectionsThatOthersRegistered) {
  TestJob job;
  load_toml(job.schema, "[hardware]\nnum_gpus = 512\n", "job.toml");
  EXPECT_EQ(job.num_gpus, 512);
}

TEST(TomlFile, ReadsSingleValues) {
  EXPECT_EQ(read_toml_value("[[\"a\"], []]"), Value(TextTable{{"a"}, {}}));
  EXPECT_EQ(read_toml_value("3"), Value(int64_t{3}));
  EXPECT_FALSE(read_toml_value("1979-05-27").has_value());
  EXPECT_FALSE(read_toml_value("1\nother = 2").has_value());
  EXPECT_FALSE(read_toml_value("[").has_value());
}

}  // namespace
}  // namespace titan::config
