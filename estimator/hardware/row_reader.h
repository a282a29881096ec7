#pragma once

#include <string>
#include <utility>
#include <vector>

namespace titan::hardware {

/// Points of a curve: (size, value), sizes ascending.
using Curve = std::vector<std::pair<double, double>>;

/// Reads one row of a table in a specification file: words between blanks, e.g. "fa2 forward causal 128 512:191".
/// Throws ConfigError naming key, row and file for a word that is missing, left over, or not what is asked for.
class RowReader {
 public:
  RowReader(std::string key, std::string file, const std::string& row);

  std::string word(const char* what);
  std::string choice(const char* what, const std::vector<std::string>& choices);
  /// A number from `low` to `high`.
  double number(const char* what, double low, double high);
  /// All remaining words as size:value pairs, at least one, sizes ascending; a size may end in K, M or G (powers of
  /// 1024).
  Curve curve(const char* what, double low_value, double high_value);
  /// Nothing may be left.
  void end() const;

  [[noreturn]] void fail(const std::string& message) const;

 private:
  double parse(const char* what, std::string_view text, double low, double high) const;
  double parse_size(const char* what, std::string_view text) const;

  std::string key_, file_, row_;
  std::vector<std::string> words_;
  size_t next_ = 0;
};

}  // namespace titan::hardware
