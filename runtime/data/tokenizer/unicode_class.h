#pragma once

#include <string>
#include <string_view>

namespace titan::tokenizer {

/// Says whether the text has a character whose class the system's PCRE2 may not know yet (assigned after Unicode 14).
/// `text` must be valid UTF-8.
bool has_recent_chars(std::string_view text);

/// Returns the recent characters of a general category, "Lu" or all of "L", as ranges for the inside of a PCRE2
/// character class; "" if there are none.
std::string recent_chars(std::string_view category);

/// Unicode's White_Space, for the inside of a PCRE2 class. PCRE2's own \s also has U+180E, which is no space since
/// Unicode 6.3.
inline constexpr const char* kWhiteSpace =
    R"(\t-\r\x20\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";

/// Unicode's word characters (UTS 18: alphabetic, marks, decimal digits, connectors), for the inside of a PCRE2 class.
inline constexpr const char* kWordChars = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";

}  // namespace titan::tokenizer
