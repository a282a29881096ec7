#pragma once

#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/splitter.h"

namespace titan::tokenizer {

/// Reads the member `pattern`: {"String": text} matches the text itself, {"Regex": pattern} a regular expression.
UnicodeRegex read_split_pattern(JsonObject& section);

}  // namespace titan::tokenizer
