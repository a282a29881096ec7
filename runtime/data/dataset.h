#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace titan::data {

/// What the configuration says about a data set.
struct DatasetOptions {
  std::string section = "training";  // "training" or "validation": where the keys `dataset` and `dataset_path` stand
  std::string name = "c4_test";
  std::optional<std::filesystem::path> path;
  std::filesystem::path installation = ".";  // holds tests/assets/c4_test where the working directory does not
};

/// A data set found on disk: its files, in the order in which they are read.
struct Dataset {
  std::string name;
  std::vector<std::filesystem::path> files;
};

/// Finds the files of a data set. `c4_test` is the sample shipped in tests/assets/c4_test; `c4` and `c4_validation` are
/// a folder of shards as C4 is distributed (only c4-train.* or c4-validation.* of a folder that has such files, also
/// from its `en` subfolder). Any of them reads another file or folder by `path`: .jsonl and .json (a JSON object with
/// "text" per line), .txt (a blank line ends a document), each also with .gz. A folder is read in the order of its file
/// names, subfolders are not. Throws ConfigError for an unknown name (letter case is ignored), for a path that is
/// missing or holds no such file, and for c4 and c4_validation without a path.
Dataset find_dataset(const DatasetOptions& options);

}  // namespace titan::data
