#include "runtime/metrics/colours.h"

#include <cstdlib>

namespace titan::metrics {

Colours colours(bool enabled) {
  if (!enabled) return {};
  return {
      .red = "\033[31m",
      .green = "\033[32m",
      .yellow = "\033[33m",
      .blue = "\033[34m",
      .magenta = "\033[35m",
      .cyan = "\033[36m",
      .orange = "\033[38;2;180;60;0m",
      .turquoise = "\033[38;2;54;234;195m",
      .reset = "\033[39m",
  };
}

bool use_colours(bool disable_color_printing) {
  const char* no_color = std::getenv("NO_COLOR");
  return !disable_color_printing && (no_color == nullptr || *no_color == '\0');
}

}  // namespace titan::metrics
