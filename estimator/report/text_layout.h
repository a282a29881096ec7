#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Text in columns. Widths count characters, not bytes: text is UTF-8.

namespace titan::estimator {

/// Columns of a report, unless told otherwise.
inline constexpr size_t kReportWidth = 80;

size_t display_width(std::string_view text);

/// Drops spaces and tabs from both ends.
std::string_view trimmed(std::string_view text);

/// Cuts what exceeds `width` (at least 1) and ends it with "…".
std::string shortened(std::string_view text, size_t width);

/// Cuts the middle out instead: the ends of paths and keys tell more.
std::string shortened_middle(std::string_view text, size_t width);

/// Fills up with spaces to `width`, after the text or before it. Longer texts stay whole.
std::string left(std::string_view text, size_t width);
std::string right(std::string_view text, size_t width);

/// A space at which `wrapped` does not break; it comes out as a plain one.
inline constexpr std::string_view kHardSpace = "\u00a0";

/// Replaces every space by a hard one.
std::string unbroken(std::string text);

/// Breaks text between words into lines of at most `width`; control bytes are escaped, longer words are cut apart.
std::vector<std::string> wrapped(std::string_view text, size_t width);

/// Draws `share` of 1 as a bar of at most `width` characters, in eighths of one; never empty for a positive share.
std::string bar(double share, size_t width);

}  // namespace titan::estimator
