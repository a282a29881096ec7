#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/config/schema.h"

namespace titan::hardware {

/// Accepts a number from `low` to `high` in `unit`. Keep high / low below 1000 around what exists, so that a value in a
/// unit 1000 times off is refused.
config::Rules between(double low, double high, const std::string& unit);

/// Accepts a share of something: from `low` (above 0.001) to 1. A percentage is refused.
config::Rules share(double low = 0.01);

/// Finds `name` (a path or the name of a shipped file in `folder`) and assigns every key of it. `where` starts the
/// messages about the name. Every key of the schema must be in the file, except optional ones; a list may be empty
/// unless its rules say otherwise. Throws ConfigError: unknown, missing or implausible values name the key and the
/// file.
std::filesystem::path load_spec_file(const config::Schema& schema, const std::string& where, const std::string& name,
                                     const std::filesystem::path& folder);

}  // namespace titan::hardware
