#include "runtime/data/tokenizer/char_test.h"

#include <cctype>
#include <cstdint>

#include "runtime/data/tokenizer/regex.h"
#include "runtime/data/tokenizer/unicode_class.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// First byte of the last code point.
size_t last_char_begin(std::string_view text) {
  size_t pos = text.size() - 1;
  while (pos > 0 && (static_cast<uint8_t>(text[pos]) & 0xC0) == 0x80) --pos;
  return pos;
}

bool is_word_char(std::string_view character) {
  static const Regex word(std::string("[") + kWordChars + "\\x{200C}\\x{200D}" + recent_chars("L") + recent_chars("M") +
                              recent_chars("Nd") + "]",
                          "word characters");
  bool found = false;
  word.for_each_match(character, [&](Span) { return found = true; });
  return found;
}

}  // namespace

size_t leading_space(std::string_view text) {
  size_t end = 0;
  for (size_t pos = 0; pos < text.size() && is_space(next_char(text, pos));) end = pos;
  return end;
}

size_t trailing_space(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0) {
    const size_t last = last_char_begin(text.substr(0, begin));
    size_t pos = last;
    if (!is_space(next_char(text, pos))) break;
    begin = last;
  }
  return text.size() - begin;
}

bool starts_with_word_char(std::string_view text) {
  if (text.empty()) return false;
  size_t end = 0;
  next_char(text, end);
  return is_word_char(text.substr(0, end));
}

bool ends_with_word_char(std::string_view text) {
  return !text.empty() && is_word_char(text.substr(last_char_begin(text)));
}

}  // namespace titan::tokenizer
