#pragma once

#include <cstdint>
#include <string>

namespace titan::metrics {

/// Formats like Python's `{value:{width}.{decimals}f}`: a NaN has no sign.
std::string fixed(double value, int decimals, int width = 0);

/// Formats like Python's `{value:,.{decimals}f}`: commas between thousands; halves are rounded to even.
std::string with_commas(double value, int decimals);

/// Formats `<x>GiB`, two decimals.
std::string gib_text(int64_t bytes, int width = 0);

/// Formats `<x>GiB(<y>%)` with the share of the capacity; an unknown capacity (0) counts as no share.
std::string memory_text(int64_t bytes, int64_t capacity_bytes, int width = 0);

/// Gives upper-case ASCII.
std::string upper_case(std::string text);

}  // namespace titan::metrics
