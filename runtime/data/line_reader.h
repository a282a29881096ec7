#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct gzFile_s;

namespace titan::data {

/// Reads a plain or gzip file line by line with a fixed buffer. One thread at a time.
class LineReader {
 public:
  /// Opens `path`; a name ending in .gz must hold gzip data. Throws ConfigError naming the file.
  explicit LineReader(std::filesystem::path path);

  /// Puts the next line into `line`, without its end (\n or \r\n). False at the end of the file. Throws ConfigError
  /// naming file and line when the compressed data is corrupt or ends early.
  bool next(std::string& line);

  /// Counts the lines read so far, so it is the 1-based number of the last one.
  int64_t line_number() const { return line_number_; }
  /// Names file and last line, "x.jsonl:17", for error messages.
  std::string where() const;

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  bool refill();

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t line_number_ = 0;
};

}  // namespace titan::data
