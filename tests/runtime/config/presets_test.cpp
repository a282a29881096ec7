#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/config/print_config.h"
#include "runtime/config/rules/runnable.h"
#include "runtime/config/rules/validate.h"
#include "runtime/config/toml_file.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

struct Preset {
  const char* name;
  int64_t world_size;
  ModelDims model;
};

// Sizes: reference §3.1 and, for Llama 2, its paper.
const Preset kPresets[] = {
    {"llama3_tiny", 1, {6, 256, 16, 16, 768, 2048}},           {"llama3_debug", 8, {6, 256, 16, 16, 768, 2048}},
    {"llama3_8b", 64, {32, 4096, 32, 8, 14336, 128256}},       {"llama3_70b", 64, {80, 8192, 64, 8, 28672, 128256}},
    {"llama3_405b", 512, {126, 16384, 128, 8, 53248, 128256}}, {"llama2_7b", 8, {32, 4096, 32, 32, 11008, 32000}},
    {"llama2_13b", 16, {40, 5120, 40, 40, 13824, 32000}},      {"llama2_70b", 64, {80, 8192, 64, 8, 28672, 32000}}};

TEST(Presets, ParsePassAllChecksAndPrint) {
  size_t num_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::string(TITAN_SOURCE_DIR) + "/configs/train")) {
    num_files += file.path().extension() == ".toml";
  }
  EXPECT_EQ(num_files, std::size(kPresets)) << "every shipped file has its line here";
  for (const Preset& preset : kPresets) {
    SCOPED_TRACE(preset.name);
    TestJob job;
    job.load({"--config", preset.name});
    validate(job.config, {.world_size = preset.world_size, .model = preset.model});
    const auto json = nlohmann::json::parse(config_json(job.schema));
    EXPECT_EQ(json["model"]["name"], std::string(preset.name).substr(0, 6));
  }
}

TEST(Presets, PrintAsTomlThatReadsBackTheSame) {
  for (const Preset& preset : kPresets) {
    TestJob first, second;
    first.load({"--config", preset.name});
    load_toml(second.schema, config_toml(first.schema), preset.name);
    second.config.job.config_file = first.config.job.config_file;
    EXPECT_EQ(config_json(second.schema), config_json(first.schema)) << preset.name;
  }
}

TEST(Presets, TinyIsTheUnchangedDebugModelThatTrainsAtOnce) {
  TestJob job;
  job.load({}, {}, "llama3_tiny");
  EXPECT_EQ(job.config.model.flavor, "debugmodel");
  EXPECT_EQ(job.config.training.seq_len % 64, 0);
  EXPECT_EQ(job.config.metrics.log_freq, 1);
  EXPECT_TRUE(check_runnable(job.config, RunKind::kReal, {"llama3"}).empty());
}

TEST(Presets, The405BHasItsConverterAndGpus) {
  TestJob job;
  job.load({"--config", "405b"});
  EXPECT_EQ(job.config.model.converters, TextList{"quantize.linear.float8"});
  EXPECT_EQ(job.num_gpus, 512);
}

}  // namespace
}  // namespace titan::config
