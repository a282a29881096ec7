#include "runtime/config/load_config.h"

#include <gtest/gtest.h>

#include "runtime/config/find_file.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

TEST(LoadConfig, GivesTheSchemasDefaultsWithoutAFile) {
  TestJob job;
  const LoadedConfig loaded = job.load({});
  EXPECT_EQ(job.config.training.steps, 10000);
  EXPECT_FALSE(job.config.job.config_file.has_value());
  EXPECT_TRUE(loaded.config_file.empty());
  EXPECT_EQ(loaded.origin("training.steps"), Origin::kDefault);
}

TEST(LoadConfig, LetsFileEnvironmentAndCommandLineOverrideInThatOrder) {
  const TemporaryFile file(
      "order.toml", "[training]\nsteps = 5\nseq_len = 64\n[comm]\nmode = \"default\"\ninit_timeout_seconds = 9\n");
  TestJob job;
  const LoadedConfig loaded =
      job.load({"--job.config_file", file.path(), "--training.steps", "6"}, {{"COMM_MODE", "local_tensor"}});
  EXPECT_EQ(job.config.training.steps, 6);
  EXPECT_EQ(job.config.training.seq_len, 64);
  EXPECT_EQ(job.config.training.local_batch_size, 8);
  EXPECT_EQ(job.config.comm.mode, "local_tensor");
  EXPECT_TRUE(loaded.given("training.steps"));
  EXPECT_FALSE(loaded.given("training.seq_len"));
  EXPECT_EQ(loaded.origin("training.seq_len"), Origin::kFile);
  EXPECT_EQ(loaded.origin("comm.mode"), Origin::kEnvironment);
  job.load({"--comm.mode", "fake_backend"}, {{"COMM_MODE", "local_tensor"}});
  EXPECT_EQ(job.config.comm.mode, "fake_backend");
}

TEST(LoadConfig, TakesTheFileFromOptionThenVariableThenDefault) {
  const TemporaryFile option("a.toml", "[training]\nsteps = 1\n");
  const TemporaryFile variable("b.toml", "[training]\nsteps = 2\n");
  const auto steps = [](const std::vector<std::string>& arguments, const Variables& variables,
                        const std::string& fallback) {
    TestJob job;
    const LoadedConfig loaded = job.load(arguments, variables, fallback);
    EXPECT_EQ(job.config.job.config_file, loaded.config_file.string());
    return job.config.training.steps;
  };
  EXPECT_EQ(steps({"--config", option.path()}, {{"CONFIG_FILE", variable.path()}}, "llama3_debug"), 1);
  EXPECT_EQ(steps({"--config=nowhere", "--job.config-file=" + option.path()}, {}, ""), 1);
  EXPECT_EQ(steps({}, {{"CONFIG_FILE", variable.path()}}, "llama3_debug"), 2);
  EXPECT_EQ(steps({}, {{"CONFIG_FILE", ""}}, "llama3_debug"), 10);
}

TEST(LoadConfig, AcceptsAnEmptyFile) {
  const TemporaryFile file("empty.toml", "");
  TestJob job;
  job.load({"--config", file.path()});
  EXPECT_EQ(job.config.training.steps, 10000);
}

TEST(LoadConfig, ReadsTheVariablesOfTheLaunchScript) {
  TestJob job;
  const LoadedConfig loaded = job.load({}, {{"NGPU", "512"}, {"LOG_RANK", "0,3"}});
  EXPECT_EQ(loaded.num_gpus, 512);
  EXPECT_EQ(loaded.log_ranks, (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(job.load({}).log_ranks, (std::vector<int64_t>{0}));
}

TEST(LoadConfig, ReadsListsFromFileAndCommandLineAndPrefersTheLatter) {
  const TemporaryFile file("exclude.toml", "[checkpoint]\nexclude_from_loading = [\"optimizer\", \"dataloader\"]\n");
  TestJob job;
  job.load({"--config", file.path()});
  EXPECT_EQ(job.config.checkpoint.exclude_from_loading, (TextList{"optimizer", "dataloader"}));
  job.load({"--config", file.path(), "--checkpoint.exclude_from_loading", "lr_scheduler"});
  EXPECT_EQ(job.config.checkpoint.exclude_from_loading, TextList{"lr_scheduler"});
}

TEST(LoadConfig, LeavesTheProcessEnvironmentReadable) {
  EXPECT_TRUE(process_environment("PATH").has_value());
  EXPECT_FALSE(process_environment("TITAN_NO_SUCH_VARIABLE").has_value());
}

class FindFile : public ::testing::Test {
 protected:
  static std::string found(const std::string& name) { return find_file("--x", name, folder()).filename().string(); }
  static std::filesystem::path folder() { return std::string(TITAN_SOURCE_DIR) + "/configs/train"; }
};

TEST_F(FindFile, KnowsShippedFilesByNameAndByEnding) {
  EXPECT_EQ(found("llama3_8b"), "llama3_8b.toml");
  EXPECT_EQ(found("llama3_8b.toml"), "llama3_8b.toml");
  EXPECT_EQ(found("405b"), "llama3_405b.toml");
  EXPECT_EQ(found("405B"), "llama3_405b.toml");
  EXPECT_EQ(found("13b"), "llama2_13b.toml");
}

TEST_F(FindFile, ListsTheFilesThatAnEndingFits) {
  EXPECT_EQ(error_of([] { found("70b"); }), "--x: '70b' fits several shipped files: llama2_70b, llama3_70b");
}

TEST_F(FindFile, NamesTheNearestShippedFile) {
  EXPECT_EQ(
      error_of([] { found("lamma3_8b"); }),
      "--x: found no file 'lamma3_8b' and no shipped file of that name; shipped: llama2_13b, llama2_70b, llama2_7b, "
      "llama3_405b, llama3_70b, llama3_8b, llama3_debug, llama3_tiny; did you mean 'llama3_8b'?");
}

TEST_F(FindFile, RefusesFoldersAndMissingPaths) {
  EXPECT_EQ(error_of([] { found("/"); }), "--x: expects a file, found the folder '/'");
  EXPECT_EQ(error_of([] { found("no/such.toml"); }), "--x: found no file 'no/such.toml'");
  EXPECT_EQ(error_of([] { found(""); }), "--x: expects a file or the name of a shipped one, found ''");
}

}  // namespace
}  // namespace titan::config
