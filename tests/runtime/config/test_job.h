#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "runtime/config/config_error.h"
#include "runtime/config/declare.h"
#include "runtime/config/load_config.h"

namespace titan::config {

using Variables = std::map<std::string, std::string>;

/// A configuration, its schema, and a section and short names of another directory, as the program would register them.
class TestJob {
 public:
  JobConfig config;
  Schema schema;
  std::string gpu = "h100_sxm_80gb";
  int64_t num_gpus = 8;

  TestJob() {
    declare(schema, config);
    schema.section("hardware", "what is simulated")
        .field("gpu", gpu, "GPU")
        .field("num_gpus", num_gpus, "number of GPUs", {.minimum = 1});
    schema.alias("hardware", "hardware.gpu");
    schema.alias("gpus", "hardware.num_gpus");
  }
  TestJob(const TestJob&) = delete;  // the schema points into this object

  LoadedConfig load(const std::vector<std::string>& arguments, const Variables& variables = {},
                    const std::string& default_config = "") {
    const auto environment = [&variables](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
    return load_config(schema, {.arguments = arguments,
                                .environment = environment,
                                .config_folder = std::string(TITAN_SOURCE_DIR) + "/configs/train",
                                .default_config = default_config});
  }
};

/// Runs `act` and returns the text of the ConfigError it throws; empty when it throws none.
template <class Act>
std::string error_of(Act act) {
  try {
    act();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

/// A file that exists as long as the object does.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("titan_config_test_" + std::to_string(getpid()) + "_" + name)) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace titan::config
