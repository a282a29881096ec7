#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/config/config_error.h"
#include "runtime/data/data_loader.h"

namespace titan::data {

/// A folder of its own for each test, removed at the end.
class TextFolder {
 public:
  TextFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "titan_data_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TextFolder() { std::filesystem::remove_all(path_); }
  TextFolder(const TextFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

  std::filesystem::path write_gz(const std::string& name, const std::string& bytes) const {
    gzFile file = gzopen((path_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::string json_lines(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts) lines += nlohmann::json{{"text", text}}.dump() + "\n";
  return lines;
}

/// Documents whose text tells their number, of lengths between about 5 and 5 + 7 * `spread` characters.
inline std::vector<std::string> numbered_texts(int count, int spread = 6) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back("d" + std::to_string(i) + std::string(5 + (i * 37) % (7 * spread), 'x'));
  return texts;
}

constexpr int64_t kBegin = 256;
constexpr int64_t kEnd = 257;

/// One token per byte between the begin and the end token.
inline std::vector<int64_t> encode_bytes(const std::string& text) {
  std::vector<int64_t> tokens = {kBegin};
  for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
  tokens.push_back(kEnd);
  return tokens;
}

inline DataLoaderOptions byte_loader(std::vector<std::filesystem::path> files, int64_t seq_len,
                                     int64_t global_batch_size) {
  return {.dataset = {.name = "c4_test", .files = std::move(files)},
          .encode = encode_bytes,
          .seq_len = seq_len,
          .global_batch_size = global_batch_size};
}

inline std::vector<int64_t> values(const at::Tensor& tensor) {
  const auto* data = tensor.const_data_ptr<int64_t>();
  return {data, data + tensor.numel()};
}

/// The tokens and labels of a batch, one after the other.
inline std::vector<int64_t> contents(const std::optional<Batch>& batch) {
  if (!batch) return {};
  std::vector<int64_t> all = values(batch->tokens);
  const std::vector<int64_t> labels = values(batch->labels);
  all.insert(all.end(), labels.begin(), labels.end());
  return all;
}

/// Runs `call` and gives the message of the ConfigError that it throws.
template <class Call>
std::string config_error(Call call) {
  try {
    call();
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no ConfigError was thrown";
  return "";
}

}  // namespace titan::data
