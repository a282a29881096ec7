#pragma once

#include <string_view>

namespace titan::fuzz {

/// Reads one input as a tokenizer.json and, after a line "#text", a text, and encodes and decodes the text. Throws
/// std::logic_error when a promise is broken: an error that is no ConfigError of one line (or a regular expression's
/// backtracking limit), an id outside the vocabulary, a decoded text that is not UTF-8.
void try_tokenizer(std::string_view input);

}  // namespace titan::fuzz
