#pragma once

#include <string_view>

namespace titan::fuzz {

/// Reads one input as a CSV schedule. Throws std::logic_error when the reader breaks a promise: an error that is no
/// ConfigError or has several lines, or a schedule that is written and read back as another one or cannot be lowered,
/// timed and drawn.
void try_schedule(std::string_view input);

}  // namespace titan::fuzz
