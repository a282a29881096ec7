#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/schema.h"

namespace titan::config {

/// Assigns every key of a TOML document to its field and returns the dotted keys set, in the document's order of
/// tables. `name` stands for the document in messages. Throws ConfigError: name:line for broken TOML, with that line's
/// text; the dotted key for an unknown key, a wrong type or a value that is not allowed, with name:line at the end.
std::vector<std::string> load_toml(const Schema& schema, std::string_view text, const std::string& name);

/// Reads one TOML value ("[[\"a\", \"b\"], [\"c\"]]"); absent when it is none, or not of a type that a field can have.
std::optional<Value> read_toml_value(std::string_view text);

}  // namespace titan::config
