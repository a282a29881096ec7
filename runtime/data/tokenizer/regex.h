#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/data/tokenizer/function_ref.h"

struct pcre2_real_code_8;

namespace titan::tokenizer {

/// A stretch of bytes [begin, end) of a text.
struct Span {
  size_t begin;
  size_t end;
};

/// A compiled PCRE2 pattern over UTF-8 with Unicode properties. Const use is thread-safe.
class Regex {
 public:
  /// Compiles a PCRE2 pattern; throws ConfigError(`where`, …) with PCRE2's message and the offset.
  Regex(const std::string& pattern, const std::string& where);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// Calls `found` for the non-overlapping matches from left to right until it returns false. An empty match moves the
  /// search on by one character. `text` must be valid UTF-8. Throws std::runtime_error when a match exceeds PCRE2's
  /// backtracking limit.
  void for_each_match(std::string_view text, FunctionRef<bool(Span)> found) const;

  const std::string& pattern() const { return pattern_; }

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  std::string pattern_;
  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

/// Quotes a text so that as a pattern it matches itself.
std::string quote_for_regex(std::string_view text);

}  // namespace titan::tokenizer
