#include "runtime/data/tokenizer/tokenizer_folder.h"

#include <filesystem>
#include <set>

#include "runtime/data/tokenizer/file_error.h"

namespace titan::tokenizer {
namespace {

constexpr const char* kKey = "model.hf_assets_path";

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    names.insert(entry.path().filename().string());
  }
  if (error) throw file_error(kKey, "folder '" + folder.string() + "' cannot be read: " + error.message());
  return names;
}

[[noreturn]] void report_missing(const std::string& folder, const std::set<std::string>& present) {
  std::string list;
  for (const std::string& name : present) list += (list.empty() ? "" : ", ") + name;
  std::string message = "no tokenizer in '" + folder +
                        "': expected tokenizer.json, or vocab.json or vocab.txt with merges.txt; files present: " +
                        (list.empty() ? "none" : list);
  if (present.contains("tokenizer.model")) {
    message += "; a SentencePiece tokenizer.model is not read: download the model's tokenizer.json";
  }
  throw file_error(kKey, message);
}

TokenizerParts read_main_files(const std::string& folder, const std::set<std::string>& present) {
  const auto path = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  if (present.contains("tokenizer.json")) {
    return read_tokenizer_json(read_json_file(path("tokenizer.json")), path("tokenizer.json"));
  }
  const std::string merges = present.contains("merges.txt") ? path("merges.txt") : "";
  for (const char* name : {"vocab.json", "vocab.txt"}) {
    if (present.contains(name)) return read_plain_tokenizer(path(name), merges);
  }
  report_missing(folder, present);
}

}  // namespace

TokenizerParts read_tokenizer_folder(const std::string& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw file_error(kKey, "'" + folder +
                               "' is not a folder; it must hold tokenizer.json, or vocab.json or "
                               "vocab.txt with merges.txt");
  }
  const std::set<std::string> present = files_in(folder);
  TokenizerParts parts = read_main_files(folder, present);
  if (present.contains("tokenizer_config.json")) {
    const std::string path = (std::filesystem::path(folder) / "tokenizer_config.json").string();
    apply_tokenizer_config(read_json_file(path), path, parts);
  }
  return parts;
}

}  // namespace titan::tokenizer
