#include "validate/gpu/configurations.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"

namespace titan::validate {
namespace {

constexpr const char* kHeader = "name,arguments";

GpuConfiguration read_line(const std::string& where, const std::string& line) {
  const size_t comma = line.find(',');
  if (comma == 0 || comma == std::string::npos) {
    throw config::ConfigError(where, "expects a name, a comma and arguments");
  }
  GpuConfiguration configuration{.name = line.substr(0, comma), .arguments = {}};
  std::istringstream words(line.substr(comma + 1));
  for (std::string word; words >> word;) configuration.arguments.push_back(word);
  return configuration;
}

bool has(const std::vector<GpuConfiguration>& all, const std::string& name) {
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
}

}  // namespace

std::vector<GpuConfiguration> read_gpu_configurations(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw config::ConfigError(file.string(), "cannot be read");
  std::vector<GpuConfiguration> all;
  bool has_header = false;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = file.string() + ":" + std::to_string(number);
    if (!has_header && line != kHeader) throw config::ConfigError(where, "expects the header " + std::string(kHeader));
    if (has_header) {
      auto configuration = read_line(where, line);
      if (has(all, configuration.name)) throw config::ConfigError(where, "the name is there twice");
      all.push_back(std::move(configuration));
    }
    has_header = true;
  }
  return all;
}

std::vector<GpuConfiguration> select_gpu_configurations(const std::vector<GpuConfiguration>& all,
                                                        const std::vector<std::string>& names) {
  std::vector<std::string> valid;
  for (const auto& one : all) valid.push_back(one.name);
  for (const auto& name : names) {
    if (!has(all, name)) {
      throw config::ConfigError(name, "is no configuration of validate gpu" + config::did_you_mean(name, valid));
    }
  }
  if (names.empty()) return all;
  std::vector<GpuConfiguration> selected;
  std::copy_if(all.begin(), all.end(), std::back_inserter(selected),
               [&](const auto& one) { return std::find(names.begin(), names.end(), one.name) != names.end(); });
  return selected;
}

}  // namespace titan::validate
