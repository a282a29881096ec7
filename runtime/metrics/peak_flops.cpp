#include "runtime/metrics/peak_flops.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace titan::metrics {
namespace {

struct Entry {
  std::string_view part;     // lower case
  std::string_view variant;  // also in the name; empty: any
  double flops;
};

// First match wins. Vendors' data sheets, dense bfloat16; MI250X: one of its two dies.
constexpr std::array kTable = {
    Entry{"a100", "", 312e12},     Entry{"h100", "nvl", 835e12},  Entry{"h100", "pcie", 756e12},
    Entry{"h100", "", 989e12},     Entry{"h200", "", 989e12},     Entry{"h20", "", 148e12},
    Entry{"gb200", "", 2.5e15},    Entry{"gb300", "", 2.5e15},    Entry{"b200", "", 2.25e15},
    Entry{"b300", "", 2.25e15},    Entry{"mi355x", "", 2500e12},  Entry{"mi300x", "", 1300e12},
    Entry{"mi325x", "", 1300e12},  Entry{"mi250x", "", 191.5e12}, Entry{"l40s", "", 362e12},
    Entry{"a6000", "", 154.85e12},
};
constexpr double kFallback = 312e12;

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

}  // namespace

PeakFlops peak_flops(std::string_view device_type, std::string_view device_name) {
  if (device_type == "cpu") return {};
  const std::string name = lower_case(device_name);
  const auto contains = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  for (const Entry& entry : kTable) {
    if (contains(entry.part) && contains(entry.variant)) return {entry.flops, ""};
  }
  return {kFallback,
          "Peak flops of '" + std::string(device_name) + "' are unknown, MFU is relative to an A100 (312e12)"};
}

}  // namespace titan::metrics
