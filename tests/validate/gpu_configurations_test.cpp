// The table of `titan validate gpu`: every row is a step that one GPU of 80 GB is predicted to hold.
#include "validate/gpu/configurations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

#include "cli/prediction.h"
#include "estimator/simulate/simulate.h"
#include "models/registry.h"
#include "runtime/config/config_error.h"
#include "validate/gpu/comparison.h"

namespace titan::validate {
namespace {

const std::filesystem::path kTable = TITAN_SOURCE_DIR "/validate/gpu/configurations.csv";

estimator::Estimate predict(const GpuConfiguration& configuration) {
  const auto job = cli::load_job(configuration.arguments, "");
  const auto model = models::find_model(job->config.model.name, job->config.model.flavor);
  return estimator::simulate(cli::Prediction(*job, model, 1).request());
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const config::ConfigError& error) {
    return error.message();
  }
  return "no error";
}

std::string message_of_table(const std::string& text) {
  const std::string file = testing::TempDir() + "/configurations.csv";
  std::ofstream(file) << text;
  return message_of([&] { read_gpu_configurations(file); });
}

TEST(GpuConfigurations, AreTwentyDifferentOnesOfTheDebugModelAndOf8BBlocks) {
  const auto all = read_gpu_configurations(kTable);
  std::set<std::vector<std::string>> arguments;
  std::multiset<std::string> families;
  for (const auto& one : all) {
    arguments.insert(one.arguments);
    families.insert(one.name.substr(0, one.name.find('-')));
  }
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(arguments.size(), all.size());
  EXPECT_EQ(families.count("debug"), 10u);
  EXPECT_EQ(families.count("8B"), 10u);
}

TEST(GpuConfigurations, PassAllChecksAndArePredictedToFitOneGpu) {
  for (const auto& one : read_gpu_configurations(kTable)) {
    const auto figures = figures_of(predict(one));
    EXPECT_TRUE(figures.fits) << one.name;
    EXPECT_GT(figures.step_time_s, 0.0) << one.name;
    EXPECT_GT(figures.peak_allocated_bytes, 0) << one.name;
    EXPECT_GE(figures.peak_reserved_bytes, figures.peak_allocated_bytes) << one.name;
    EXPECT_GT(figures.device_used_bytes, figures.peak_reserved_bytes) << one.name;
  }
}

TEST(GpuConfigurations, RefuseABrokenTable) {
  EXPECT_EQ(message_of_table("name\n"), "expects the header name,arguments");
  EXPECT_EQ(message_of_table("name,arguments\nplain\n"), "expects a name, a comma and arguments");
  EXPECT_EQ(message_of_table("name,arguments\n,--config a\n"), "expects a name, a comma and arguments");
  EXPECT_EQ(message_of_table("name,arguments\n# twice\na,--x 1\na,--x 2\n"), "the name is there twice");
  EXPECT_EQ(message_of([] { read_gpu_configurations("/nowhere.csv"); }), "cannot be read");
}

TEST(GpuConfigurations, AreSelectedInTheTablesOrderAndUnknownOnesRefused) {
  const std::vector<GpuConfiguration> all = {{"one", {}}, {"two", {}}, {"three", {}}};
  const auto selected = select_gpu_configurations(all, {"three", "one"});
  ASSERT_EQ(selected.size(), 2u);
  EXPECT_EQ(selected[0].name, "one");
  EXPECT_EQ(selected[1].name, "three");
  EXPECT_EQ(select_gpu_configurations(all, {}).size(), 3u);
  EXPECT_EQ(message_of([&] { select_gpu_configurations(all, {"tree"}); }),
            "is no configuration of validate gpu; did you mean 'three'?");
}

}  // namespace
}  // namespace titan::validate
