#include "runtime/config/find_file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <vector>

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/value.h"

namespace titan::config {
namespace {

namespace fs = std::filesystem;

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return text;
}

/// Names of the TOML files of a folder without ".toml", sorted.
std::vector<std::string> shipped_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string name_list(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

fs::path find_shipped(const std::string& where, const std::string& name, const fs::path& folder) {
  const std::string wanted = lower_case(name.ends_with(".toml") ? name.substr(0, name.size() - 5) : name);
  const std::vector<std::string> names = shipped_names(folder);
  std::vector<std::string> fitting;
  for (const auto& shipped : names) {
    if (lower_case(shipped) == wanted) return folder / (shipped + ".toml");
    if (!wanted.empty() && lower_case(shipped).ends_with(wanted)) fitting.push_back(shipped);
  }
  if (fitting.size() == 1) return folder / (fitting.front() + ".toml");
  if (!fitting.empty())
    throw ConfigError(where, in_quotes(name) + " fits several shipped files: " + name_list(fitting));
  throw ConfigError(where, "found no file " + in_quotes(name) + " and no shipped file of that name; shipped: " +
                               name_list(names) + did_you_mean(wanted, names));
}

}  // namespace

fs::path find_file(const std::string& where, const std::string& name, const fs::path& folder) {
  if (name.empty()) throw ConfigError(where, "expects a file or the name of a shipped one, found ''");
  if (name.find('\0') != std::string::npos) throw ConfigError(where, "is no file name: " + in_quotes(name));
  std::error_code error;
  const fs::file_status status = fs::status(name, error);
  if (fs::exists(status) && !fs::is_directory(status)) return name;
  const bool bare = name.find('/') == std::string::npos;
  if (bare) return find_shipped(where, name, folder);
  throw ConfigError(
      where, (fs::is_directory(status) ? "expects a file, found the folder " : "found no file ") + in_quotes(name));
}

std::string read_file(const std::string& where, const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw ConfigError(where, "cannot read the file " + in_quotes(path.string()));
  return text;
}

}  // namespace titan::config
