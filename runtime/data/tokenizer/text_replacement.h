#pragma once

#include <string>
#include <variant>

#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/splitter.h"

namespace titan::tokenizer {

/// Replaces every occurrence of a text or pattern by a text, which is taken literally. Part of normalizers and
/// decoders.
class TextReplacement {
 public:
  TextReplacement(std::string literal, std::string content)
      : pattern_(std::move(literal)), content_(std::move(content)) {}
  TextReplacement(UnicodeRegex regex, std::string content) : pattern_(std::move(regex)), content_(std::move(content)) {}

  void apply(std::string& text) const;

 private:
  std::variant<std::string, UnicodeRegex> pattern_;
  std::string content_;
};

/// Reads the members `pattern` ({"String": …} or {"Regex": …}) and `content`.
TextReplacement read_text_replacement(JsonObject& section);

}  // namespace titan::tokenizer
