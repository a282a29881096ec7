#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace titan::config {

/// Reads a whole number as Python does: a sign, and single underscores between digits ("10_000"). Absent: it is none,
/// or exceeds 64 bits.
std::optional<int64_t> read_integer(std::string_view text);

/// Reads a decimal number ("1", ".5", "3e-4", "1_000.5"). Absent: it is none, or its size exceeds what a double holds.
std::optional<double> read_number(std::string_view text);

}  // namespace titan::config
