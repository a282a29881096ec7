#include "runtime/data/dataset.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "runtime/config/config_error.h"
#include "runtime/data/document_file.h"

namespace titan::data {
namespace {

namespace fs = std::filesystem;
using config::ConfigError;

constexpr std::array kNames = {"c4", "c4_test", "c4_validation"};
constexpr const char* kSample = "tests/assets/c4_test";
constexpr const char* kReadable = ".jsonl, .json or .txt, also with .gz";

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::vector<fs::path> readable_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && document_format(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> starting_with(const std::vector<fs::path>& files, const std::string& start) {
  std::vector<fs::path> chosen;
  std::copy_if(files.begin(), files.end(), std::back_inserter(chosen),
               [&](const fs::path& file) { return file.filename().string().rfind(start, 0) == 0; });
  return chosen;
}

// A folder of C4 holds both splits; a folder of other text holds neither.
std::vector<fs::path> files_of_split(const std::vector<fs::path>& files, const std::string& name,
                                     const std::string& key, const fs::path& folder) {
  if (name == "c4_test") return files;
  const std::string wanted = name == "c4" ? "c4-train." : "c4-validation.";
  std::vector<fs::path> chosen = starting_with(files, wanted);
  if (!chosen.empty()) return chosen;
  const std::string other = name == "c4" ? "c4-validation." : "c4-train.";
  if (starting_with(files, other).empty()) return files;
  throw ConfigError(key, "the folder '" + folder.string() + "' holds shards " + other + "* but none of " + wanted +
                             "*, which data set " + name + " reads");
}

fs::path path_of(const DatasetOptions& options, const std::string& name, const std::string& key) {
  if (options.path) return *options.path;
  if (name == "c4_test") return fs::exists(kSample) ? fs::path(kSample) : options.installation / kSample;
  const std::string shard = name == "c4" ? "c4-train.00000-of-01024.json.gz" : "c4-validation.00000-of-00008.json.gz";
  throw ConfigError(key, "data set " + name + " is not shipped: name the folder that holds its shards (" + shard +
                             " and so on, from huggingface.co/datasets/allenai/c4, folder en)");
}

}  // namespace

Dataset find_dataset(const DatasetOptions& options) {
  const std::string name = lower(options.name);
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    throw ConfigError(
        options.section + ".dataset",
        "Dataset " + options.name + " is not supported. Supported datasets are: [c4, c4_test, c4_validation]");
  }
  const std::string key = options.section + ".dataset_path";
  const fs::path path = path_of(options, name, key);
  if (!fs::exists(path)) throw ConfigError(key, "no such file or folder: '" + path.string() + "'");
  if (!fs::is_directory(path)) {
    if (document_format(path)) return {.name = name, .files = {path}};
    throw ConfigError(key, "cannot read '" + path.string() + "': allowed are " + kReadable);
  }
  std::vector<fs::path> files = readable_files(path);
  if (files.empty() && name != "c4_test" && fs::is_directory(path / "en")) files = readable_files(path / "en");
  if (files.empty()) throw ConfigError(key, "the folder '" + path.string() + "' holds no file " + kReadable);
  return {.name = name, .files = files_of_split(files, name, key, path)};
}

}  // namespace titan::data
