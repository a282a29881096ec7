#include "runtime/data/tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <stdexcept>

#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

constexpr size_t kMaxPatternBytes = 16 * 1024;
constexpr uint32_t kMatchLimit = 10'000'000;  // backtracking steps for one match; honest patterns stay under a thousand

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

template <class T, void (*free)(T*)>
struct FreeWith {
  void operator()(T* object) const { free(object); }
};
using CompileContext =
    std::unique_ptr<pcre2_compile_context, FreeWith<pcre2_compile_context, pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, FreeWith<pcre2_match_context, pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, FreeWith<pcre2_match_data, pcre2_match_data_free>>;

}  // namespace

void Regex::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Regex::Regex(const std::string& pattern, const std::string& where) : pattern_(pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    throw file_error(where, "the regular expression has " + std::to_string(pattern.size()) + " bytes; at most " +
                                std::to_string(kMaxPatternBytes) + " are allowed");
  }
  const CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP, &error,
                            &offset, context.get()));
  if (!code_) {
    throw file_error(where, "regular expression '" + pattern + "' does not compile: " + error_text(error) +
                                " at byte " + std::to_string(offset));
  }
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // where there is no JIT, matching interprets
}

void Regex::for_each_match(std::string_view text, FunctionRef<bool(Span)> found) const {
  const MatchData match(pcre2_match_data_create(1, nullptr));
  const MatchContext context(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
  size_t pos = 0;
  size_t last_end = text.size() + 1;  // an empty match right behind the previous match does not count
  while (pos <= text.size()) {
    int rc = pcre2_match(code_.get(), subject, text.size(), pos, PCRE2_NO_UTF_CHECK, match.get(), context.get());
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
      rc = pcre2_match(code_.get(), subject, text.size(), pos, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match.get(),
                       context.get());
    }
    if (rc == PCRE2_ERROR_NOMATCH) return;
    if (rc < 0) throw std::runtime_error("regular expression '" + pattern_ + "': " + error_text(rc));
    const Span span{ends[0], ends[1]};
    const bool empty = span.begin >= span.end;
    if (!(empty && span.begin == last_end) && !found(span)) return;
    last_end = span.end;
    pos = span.end;
    if (empty) {
      if (pos >= text.size()) return;
      next_char(text, pos);
    }
  }
}

std::string quote_for_regex(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    const bool plain = static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c));
    if (c == '\0') {
      quoted += "\\x00";
      continue;
    }
    if (!plain) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

}  // namespace titan::tokenizer
