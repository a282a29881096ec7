#include "runtime/config/print_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/config/toml_file.h"
#include "tests/runtime/config/test_job.h"

namespace titan::config {
namespace {

TEST(PrintConfig, WritesEveryKeyNestedAsItsName) {
  TestJob job;
  job.load({"--training.steps", "3", "--quantize.linear.float8.filter_fqns", "output"});
  const auto json = nlohmann::json::parse(config_json(job.schema));
  EXPECT_EQ(json["training"]["steps"], 3);
  EXPECT_EQ(json["training"]["dataloader"]["num_workers"], 0);
  EXPECT_EQ(json["quantize"]["linear"]["float8"]["filter_fqns"], nlohmann::json::array({"output"}));
  EXPECT_TRUE(json["debug"]["seed"].is_null());
  EXPECT_EQ(json["hardware"]["num_gpus"], 8);
  for (const auto& section : job.schema.sections()) {
    std::string pointer = "/" + section.name();
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    for (const auto& field : section.fields()) {
      const std::string leaf = field.key().substr(field.key().rfind('.') + 1);
      EXPECT_TRUE(json.contains(nlohmann::json::json_pointer(pointer + "/" + leaf))) << field.key();
    }
  }
}

TEST(PrintConfig, RoundTripsThroughToml) {
  TestJob first, second;
  first.load({"--optimizer.lr", "0.1", "--job.description", "quotes \" and \\ and\ttabs", "--debug.seed", "-1",
              "--parallelism.module_fqns_per_model_part", "[[\"a\"], [\"b\", \"c\"]]", "--model.converters",
              "quantize.linear.mx"});
  load_toml(second.schema, config_toml(first.schema), "printed.toml");
  EXPECT_EQ(config_json(second.schema), config_json(first.schema));
}

TEST(PrintConfig, ReplacesBytesThatAreNoText) {
  TestJob job;
  job.load({"--job.description", "\xff"});
  EXPECT_NE(config_json(job.schema, -1).find("\"description\":\"\xef\xbf\xbd\""), std::string::npos);
}

}  // namespace
}  // namespace titan::config
