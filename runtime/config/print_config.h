#pragma once

#include <string>

#include "runtime/config/schema.h"

namespace titan::config {

/// Writes the values that the schema's variables hold now as JSON: an object per section, nested as its name is, keys
/// in the order declared, none as null. Options of the command line only (section "") are left out. `indent` < 0: one
/// line.
std::string config_json(const Schema& schema, int indent = 2);

/// Writes the same as TOML that load_toml reads back; keys without a value and those that a file cannot hold are left
/// out.
std::string config_toml(const Schema& schema);

}  // namespace titan::config
