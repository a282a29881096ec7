#include "runtime/metrics/number_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

namespace titan::metrics {

std::string fixed(double value, int decimals, int width) {
  const double shown = std::isnan(value) ? std::abs(value) : value;
  std::string text(std::snprintf(nullptr, 0, "%*.*f", width, decimals, shown) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%*.*f", width, decimals, shown);
  text.pop_back();
  return text;
}

std::string with_commas(double value, int decimals) {
  std::string text = fixed(value, decimals);
  if (!std::isfinite(value)) return text;
  const size_t sign = text.front() == '-' ? 1 : 0;
  size_t at = std::min(text.find('.'), text.size());
  while (at > sign + 3) text.insert(at -= 3, ",");
  return text;
}

std::string gib_text(int64_t bytes, int width) {
  return fixed(static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0), 2, width) + "GiB";
}

std::string memory_text(int64_t bytes, int64_t capacity_bytes, int width) {
  const double share = capacity_bytes > 0 ? static_cast<double>(bytes) / static_cast<double>(capacity_bytes) : 0.0;
  return gib_text(bytes, width) + "(" + fixed(100.0 * share, 2) + "%)";
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace titan::metrics
