#pragma once

#include <string>
#include <vector>

#include "runtime/config/schema.h"

namespace titan::config {

/// One option of a command line, not yet checked by its field.
struct Assignment {
  const Field* field;
  Value value;
};

/// Reads `--section.key value`, `--section.key=value`, the flags `--section.flag` and `--section.no_flag`, and aliases;
/// `-` and `_` are alike in names; lists are one token with commas. Returns the options in order (the last of repeated
/// ones wins). Throws ConfigError, naming the key, for an unknown option, a missing value, a flag with a value, a stray
/// word.
std::vector<Assignment> parse_command_line(const Schema& schema, const std::vector<std::string>& arguments);

}  // namespace titan::config
