#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

namespace titan::tokenizer {

/// A folder of its own for one test, removed with the object.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / ("titan_tokenizer_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;

  std::string path(const std::string& name = "") const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace titan::tokenizer
