#include "runtime/data/tokenizer/text_replacement.h"

#include "runtime/data/tokenizer/split_pattern.h"

namespace titan::tokenizer {

void TextReplacement::apply(std::string& text) const {
  std::string result;
  size_t pos = 0;
  const auto replace = [&](Span span) {
    result.append(text, pos, span.begin - pos);
    result += content_;
    pos = span.end;
    return true;
  };
  if (const auto* literal = std::get_if<std::string>(&pattern_)) {
    for (size_t at = text.find(*literal); at != std::string::npos; at = text.find(*literal, pos)) {
      replace({at, at + literal->size()});
    }
  } else {
    std::get<UnicodeRegex>(pattern_).for_each_match(text, replace);
  }
  if (pos == 0 && result.empty()) return;
  result.append(text, pos);
  text = std::move(result);
}

TextReplacement read_text_replacement(JsonObject& section) {
  std::string content = section.get_string("content");
  const Json& pattern = section.get("pattern");
  const bool literal = pattern.is_object() && pattern.size() == 1 && pattern.contains("String") &&
                       pattern["String"].is_string() && !pattern["String"].get_ref<const std::string&>().empty();
  if (literal) return {pattern["String"].get<std::string>(), std::move(content)};
  return {read_split_pattern(section), std::move(content)};
}

}  // namespace titan::tokenizer
