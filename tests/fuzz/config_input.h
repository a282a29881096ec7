#pragma once

#include <string_view>

namespace titan::fuzz {

/// Loads one input as a configuration: TOML, then, after a line "#arguments", a command line with an argument a line.
/// Throws std::logic_error when the loader breaks a promise: an error that is no ConfigError or has several lines, or a
/// printed configuration that reads back as another one.
void try_config(std::string_view input);

}  // namespace titan::fuzz
