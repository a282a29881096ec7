#pragma once

#include <string>

#include "runtime/config/config_error.h"

namespace titan::tokenizer {

/// A ConfigError about a file or setting, on one line: control characters in the message, which may quote a file, are
/// escaped.
config::ConfigError file_error(const std::string& where, const std::string& message);

}  // namespace titan::tokenizer
