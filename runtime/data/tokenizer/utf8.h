#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace titan::tokenizer {

/// Decodes the code point that starts at byte `pos` and moves `pos` behind it. `text` must be valid UTF-8.
char32_t next_char(std::string_view text, size_t& pos);

/// Appends the UTF-8 form of a Unicode scalar value.
void append_char(char32_t value, std::string& text);

/// Returns the UTF-8 form of one Unicode scalar value.
std::string char_to_utf8(char32_t value);

/// Says whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view bytes);

/// Copies the bytes with every maximal ill-formed part replaced by U+FFFD, as Unicode 15 section 3.9 recommends and
/// Python's errors="replace" and Rust's from_utf8_lossy do.
std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace titan::tokenizer
