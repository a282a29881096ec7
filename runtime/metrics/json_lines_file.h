#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace titan::metrics {

/// A file of JSON objects, one a line, each with an integer "step" that rises. A line is with the operating system when
/// append returns, so a crash leaves whole lines, but perhaps the last.
class JsonLinesFile {
 public:
  /// Opens `path` for a run that goes on after `resume_step` (0: a new run), creating its folder. Lines of an earlier
  /// life with a later step, and a last line that was cut off, are removed; the new content replaces the file in one
  /// go. Throws ConfigError when the file cannot be read, written or understood.
  JsonLinesFile(std::filesystem::path path, int64_t resume_step);
  ~JsonLinesFile();
  JsonLinesFile(JsonLinesFile&& other) noexcept;
  JsonLinesFile& operator=(JsonLinesFile&&) = delete;

  /// Appends one line. Throws std::runtime_error naming the file and the cause (a full disk).
  void append(std::string_view json_object);

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace titan::metrics
