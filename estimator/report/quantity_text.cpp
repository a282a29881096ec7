#include "estimator/report/quantity_text.h"

#include <array>
#include <cmath>
#include <string_view>

#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

/// Decimals that leave a number of at least 1 about four digits.
int decimals_of(double value) { return value < 9.9995 ? 3 : value < 99.995 ? 2 : value < 999.95 ? 1 : 0; }

std::string four_digits(double value) { return metrics::with_commas(value, decimals_of(value)); }

struct Scale {
  double size = 1.0;
  std::string name;
};

Scale byte_unit(int64_t bytes) {
  constexpr std::array<const char*, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = std::abs(static_cast<double>(bytes)), size = 1.0;
  size_t unit = 0;
  // Below 1024 also as it is printed.
  while (value >= (unit == 0 ? 1024.0 : 1023.95) && unit + 1 < kNames.size()) {
    value /= 1024.0;
    size *= 1024.0;
    ++unit;
  }
  return {size, kNames[unit]};
}

Scale time_unit(double seconds) {
  const double size = std::abs(seconds);
  if (size < 0.9999995e-3) return {1e-6, "us"};
  if (size < 0.99995) return {1e-3, "ms"};
  return {1.0, "s"};
}

std::string in_unit(double value, const Scale& unit, int decimals) {
  const double smallest = std::pow(10.0, -decimals);
  const double shown = value / unit.size;
  if (shown > 0.0 && shown < 0.5 * smallest) return "< " + metrics::fixed(smallest, decimals) + " " + unit.name;
  return metrics::with_commas(shown, decimals) + " " + unit.name;
}

}  // namespace

std::string bytes_text(int64_t bytes) {
  const Scale unit = byte_unit(bytes);
  const double value = std::abs(static_cast<double>(bytes)) / unit.size;
  const int decimals = unit.size == 1.0 ? 0 : value < 99.995 ? 2 : 1;
  return (bytes < 0 ? "-" : "") + metrics::with_commas(value, decimals) + " " + unit.name;
}

std::string bytes_text(int64_t bytes, int64_t largest) {
  const Scale unit = byte_unit(largest);
  return in_unit(static_cast<double>(bytes), unit, unit.size == 1.0 ? 0 : 2);
}

std::string seconds_text(double seconds) {
  if (seconds == 0.0) return "0 s";
  const Scale unit = time_unit(seconds);
  return (seconds < 0 ? "-" : "") + four_digits(std::abs(seconds) / unit.size) + " " + unit.name;
}

std::string seconds_text(double seconds, double largest) { return in_unit(seconds, time_unit(largest), 3); }

std::string rate_text(double per_second) { return four_digits(per_second); }

double share_of(double part, double whole) {
  constexpr double kRoundingError = 1e-9;
  const double share = whole > 0.0 ? part / whole : 0.0;
  return std::abs(share) < kRoundingError ? 0.0 : share;
}

std::string share_text(double share) {
  if (share > 0.0 && share < 0.0005) return "< 0.1 %";
  return metrics::fixed(100.0 * share, 1) + " %";
}

std::string count_text(int64_t count) {
  constexpr std::array<std::string_view, 5> kUnits = {"", "K", "M", "B", "T"};
  auto value = static_cast<double>(count);
  size_t unit = 0;
  while (value >= (unit == 0 ? 1000.0 : 999.95) && unit + 1 < kUnits.size()) {
    value /= 1000.0;
    ++unit;
  }
  const int decimals = unit == 0 ? 0 : value < 9.995 ? 2 : 1;
  return metrics::fixed(value, decimals) + std::string(kUnits[unit]);
}

std::string signed_text(bool negative, const std::string& text) { return (negative ? "-" : "+") + text; }

}  // namespace titan::estimator
