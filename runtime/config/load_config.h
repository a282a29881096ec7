#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/config/schema.h"

namespace titan::config {

/// Looks an environment variable up; absent when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The environment of this process.
std::optional<std::string> process_environment(const std::string& name);

/// Where a configuration comes from.
struct LoadInputs {
  std::vector<std::string> arguments;   // the command line after the command's name
  Environment environment = {};         // read: COMM_MODE, NGPU, CONFIG_FILE, LOG_RANK; none: nothing is set
  std::filesystem::path config_folder;  // shipped TOML files (configs/train)
  std::string default_config;           // used when no file is named; empty: the schema's defaults
};

/// Who had the last word on a key.
enum class Origin { kDefault, kFile, kEnvironment, kCommandLine };

/// What loading found out beside the values, which are in the variables that the schema is bound to.
struct LoadedConfig {
  std::filesystem::path config_file;      // empty: none was read
  std::optional<int64_t> num_gpus;        // NGPU
  std::vector<int64_t> log_ranks = {0};   // LOG_RANK
  std::map<std::string, Origin> origins;  // by dotted key; absent: kDefault

  Origin origin(const std::string& key) const;
  /// Says whether the command line set `key`.
  bool given(const std::string& key) const { return origin(key) == Origin::kCommandLine; }
};

/// Fills the variables that `schema` is bound to: defaults < TOML file < environment < command line. The file is named
/// by --job.config_file (or an alias of it), else CONFIG_FILE, else `default_config`: a path, or a shipped file's name
/// or the end of one. job.config_file holds the file read. An empty variable counts as not set. Throws ConfigError; the
/// variables are then unspecified. Does not check rules between keys: see rules/validate.h.
LoadedConfig load_config(const Schema& schema, const LoadInputs& inputs);

}  // namespace titan::config
