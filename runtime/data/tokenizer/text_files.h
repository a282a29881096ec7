#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/data/tokenizer/function_ref.h"

namespace titan::tokenizer {

/// Calls `text` for the documents of a file, plain or gzipped: .jsonl and .json hold one object a line with the text
/// under `field`, other files are text. A large text file arrives in pieces cut before a line that does not begin with
/// white space, where words end anyway. `text` returns nothing; its argument is valid during the call. Throws
/// ConfigError(path[:line], …) for a file that cannot be read.
void for_each_text(const std::string& path, const std::string& field, FunctionRef<void(std::string_view)> text);

}  // namespace titan::tokenizer
