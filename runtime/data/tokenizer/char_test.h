#pragma once

#include <cstddef>
#include <string_view>

namespace titan::tokenizer {

/// Bytes of white space (Unicode's White_Space) at the beginning or end of valid UTF-8.
size_t leading_space(std::string_view text);
size_t trailing_space(std::string_view text);

/// Says whether the text begins or ends with a word character: alphabetic, mark, decimal digit, connector or joiner.
bool starts_with_word_char(std::string_view text);
bool ends_with_word_char(std::string_view text);

}  // namespace titan::tokenizer
