#pragma once

#include <string_view>

namespace titan::metrics {

/// ANSI escape sequences of the console lines; all empty where colours are off.
struct Colours {
  std::string_view red, green, yellow, blue, magenta, cyan, orange, turquoise, reset;
};

Colours colours(bool enabled);

/// Decides whether lines are coloured: `metrics.disable_color_printing` and a non-empty NO_COLOR (https://no-color.org)
/// say no.
bool use_colours(bool disable_color_printing);

}  // namespace titan::metrics
