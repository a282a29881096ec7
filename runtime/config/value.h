#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace titan::config {

using TextList = std::vector<std::string>;
using TextTable = std::vector<TextList>;

/// A value on its way into a field, from whatever source. std::monostate: none.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, TextList, TextTable>;

/// Writes a value as TOML would ("none" for none): shortest digits that read back as the same number.
std::string to_text(const Value& value);

/// Escapes control bytes, so that text from outside stays on the message's one line.
std::string one_line(std::string_view text);

/// Puts single quotes around text from outside, on one line; long texts are cut.
std::string in_quotes(std::string_view text);

/// Writes `value` as an error message shows what was found: numbers bare, texts quoted, tables by kind.
std::string found_text(const Value& value);

}  // namespace titan::config
