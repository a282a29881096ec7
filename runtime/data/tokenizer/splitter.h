#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/data/tokenizer/function_ref.h"
#include "runtime/data/tokenizer/regex.h"

namespace titan::tokenizer {

/// What becomes of the matches of a split.
enum class SplitBehavior { kRemoved, kIsolated, kContiguous, kMergedWithPrevious, kMergedWithNext };

/// Returns the behaviour that tokenizer.json calls "Removed", "Isolated", …; nothing for other names. Case does not
/// matter.
std::optional<SplitBehavior> split_behavior(std::string_view name);

/// A pattern with the character classes of the newest Unicode: a fast form for nearly all text, an exact form for text
/// with characters that PCRE2 does not know yet.
class UnicodeRegex {
 public:
  /// `pattern` and `exact_pattern` are PCRE2 patterns; equal ones are compiled once.
  UnicodeRegex(const std::string& pattern, const std::string& exact_pattern, const std::string& where);
  /// From a pattern in the dialect of tokenizer.json.
  static UnicodeRegex from_json_dialect(const std::string& pattern, const std::string& where);

  void for_each_match(std::string_view text, FunctionRef<bool(Span)> found) const;

 private:
  Regex fast_;
  std::optional<Regex> exact_;
};

/// Cuts a text at the matches of a pattern.
class Splitter {
 public:
  /// `invert`: what lies between matches counts as the matches.
  Splitter(UnicodeRegex pattern, SplitBehavior behavior, bool invert);

  /// Calls `part` for the parts that are not empty, in order.
  void split(std::string_view text, FunctionRef<void(std::string_view)> part) const;

 private:
  struct Piece {
    Span span;
    bool matched;
  };
  void cut(std::string_view text, FunctionRef<void(Piece)> piece) const;

  UnicodeRegex pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

}  // namespace titan::tokenizer
