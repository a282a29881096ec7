#include <gtest/gtest.h>

#include "runtime/config/rules/paths.h"
#include "tests/runtime/config/combination.h"

namespace titan::config {
namespace {

TEST(PythonKeys, ThatNeedPythonAreRefused) {
  expect_answers(
      {{1,
        {"--experimental.custom_import", "my.module"},
        "experimental.custom_import: titan imports no Python modules; add a model or data set in C++; found "
        "'my.module'"},
       {1, {"--job.custom_config_module", "torchtitan.components.ft.config"}, ""},
       {1,
        {"--job.custom_config_module", "mine"},
        "job.custom_config_module: titan imports no Python modules; allowed: torchtitan.components.ft.config, "
        "torchtitan.models.flux.job_config (their keys are built in); found 'mine'"}});
}

TEST(Paths, ThatARunOpensAreThere) {
  const auto answer = [](const std::vector<std::string>& arguments) {
    TestJob job;
    std::vector<std::string> all = {"--model.hf_assets_path", "/tmp"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    job.load(all);
    return error_of([&] { check_paths(job.config); });
  };
  EXPECT_EQ(answer({}), "");
  EXPECT_EQ(answer({"--model.hf_assets_path", "/no/assets"}), "model.hf_assets_path: found no folder '/no/assets'");
  EXPECT_EQ(
      answer({"--model.hf_assets_path", "/old/tokenizer.model"}),
      "model.hf_assets_path: expects the folder that `titan download` fills, found the file '/old/tokenizer.model'");
  EXPECT_EQ(answer({"--training.dataset_path", "/no/data"}),
            "training.dataset_path: found no file or folder '/no/data'");
  EXPECT_EQ(answer({"--validation.dataset_path", "/no/data"}), "");
  EXPECT_EQ(answer({"--validation.enable", "--validation.dataset_path", "/no/data"}),
            "validation.dataset_path: found no file or folder '/no/data'");
  EXPECT_EQ(answer({"--checkpoint.enable", "--checkpoint.initial_load_path", "/no/start"}),
            "checkpoint.initial_load_path: found no folder '/no/start'");
  EXPECT_EQ(
      answer(
          {"--parallelism.pipeline_parallel_degree", "2", "--parallelism.pipeline_parallel_schedule_csv", "/no.csv"}),
      "parallelism.pipeline_parallel_schedule_csv: The specified path '/no.csv' does not exist or is not a file.");
}

}  // namespace
}  // namespace titan::config
