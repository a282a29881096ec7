#include "runtime/config/load_config.h"

#include <cstdlib>

#include "runtime/config/command_line.h"
#include "runtime/config/config_error.h"
#include "runtime/config/find_file.h"
#include "runtime/config/number_text.h"
#include "runtime/config/toml_file.h"

namespace titan::config {
namespace {

constexpr const char* kFileKey = "job.config_file";

std::optional<std::string> variable(const LoadInputs& inputs, const std::string& name) {
  auto text = inputs.environment ? inputs.environment(name) : std::nullopt;
  return text && text->empty() ? std::nullopt : text;
}

/// A file's name, and the key or variable that gave it.
struct NamedFile {
  std::string where;
  std::string name;
};

std::optional<NamedFile> choose_file(const std::vector<Assignment>& options, const LoadInputs& inputs) {
  for (auto option = options.rbegin(); option != options.rend(); ++option) {
    if (option->field->key() != kFileKey) continue;
    const auto* name = std::get_if<std::string>(&option->value);
    return name ? std::optional<NamedFile>({kFileKey, *name}) : std::nullopt;
  }
  if (const auto name = variable(inputs, "CONFIG_FILE")) return NamedFile{"CONFIG_FILE", *name};
  return inputs.default_config.empty() ? std::nullopt : std::optional<NamedFile>({kFileKey, inputs.default_config});
}

int64_t whole_number(const std::string& variable_name, const std::string& text, int64_t minimum) {
  const auto number = read_integer(text);
  if (number && *number >= minimum) return *number;
  throw ConfigError(variable_name,
                    "expects a whole number, at least " + std::to_string(minimum) + ", found " + in_quotes(text));
}

std::vector<int64_t> rank_list(const std::string& text) {
  std::vector<int64_t> ranks;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    ranks.push_back(whole_number("LOG_RANK", text.substr(begin, comma - begin), 0));
    begin = comma + 1;
  }
  return ranks;
}

void load_file(const Schema& schema, const NamedFile& named, const LoadInputs& inputs, LoadedConfig& loaded) {
  loaded.config_file = find_file(named.where, named.name, inputs.config_folder);
  const std::string text = read_file(named.where, loaded.config_file);
  for (const auto& key : load_toml(schema, text, loaded.config_file.string())) loaded.origins[key] = Origin::kFile;
}

void load_environment(const Schema& schema, const LoadInputs& inputs, LoadedConfig& loaded) {
  if (const auto count = variable(inputs, "NGPU")) loaded.num_gpus = whole_number("NGPU", *count, 1);
  if (const auto ranks = variable(inputs, "LOG_RANK")) loaded.log_ranks = rank_list(*ranks);
  const Field* mode = schema.find("comm.mode");
  const auto wanted = variable(inputs, "COMM_MODE");
  if (!mode || !wanted) return;
  try {
    mode->assign(*wanted);
  } catch (const ConfigError& error) {
    throw ConfigError("COMM_MODE", error.message());
  }
  loaded.origins[mode->key()] = Origin::kEnvironment;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  return text ? std::optional<std::string>(text) : std::nullopt;
}

Origin LoadedConfig::origin(const std::string& key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? Origin::kDefault : found->second;
}

LoadedConfig load_config(const Schema& schema, const LoadInputs& inputs) {
  LoadedConfig loaded;
  std::vector<Assignment> options = parse_command_line(schema, inputs.arguments);
  if (const auto file = choose_file(options, inputs)) load_file(schema, *file, inputs, loaded);
  load_environment(schema, inputs, loaded);
  for (auto& option : options) {
    option.field->assign(std::move(option.value));
    loaded.origins[option.field->key()] = Origin::kCommandLine;
  }
  const Field* file_key = schema.find(kFileKey);
  if (file_key && !loaded.config_file.empty()) file_key->assign(loaded.config_file.string());
  return loaded;
}

}  // namespace titan::config
