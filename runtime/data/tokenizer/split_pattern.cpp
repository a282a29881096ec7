#include "runtime/data/tokenizer/split_pattern.h"

namespace titan::tokenizer {

UnicodeRegex read_split_pattern(JsonObject& section) {
  JsonObject pattern = section.get_object("pattern");
  const std::optional<std::string> literal = pattern.find_string("String");
  const std::optional<std::string> regex = pattern.find_string("Regex");
  pattern.finish();
  if (literal.has_value() == regex.has_value()) pattern.fail("needs either 'String' or 'Regex'");
  if (regex) return UnicodeRegex::from_json_dialect(*regex, section.where());
  if (literal->empty()) pattern.fail("'String' must not be empty");
  const std::string quoted = quote_for_regex(*literal);
  return UnicodeRegex(quoted, quoted, section.where());
}

}  // namespace titan::tokenizer
