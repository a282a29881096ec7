#include "bench/comparison.h"

#include <algorithm>
#include <cstdio>

namespace titan::bench {
namespace {

std::string formatted(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Three digits in the unit that suits.
std::string duration(double seconds) {
  if (seconds < 0.9995e-3) return formatted("%.3g us", 1e6 * seconds);
  if (seconds < 0.9995) return formatted("%.3g ms", 1e3 * seconds);
  return formatted("%.3g s", seconds);
}

double quotient(const Comparison& comparison) {
  const double ours = comparison.ours.seconds, other = comparison.other.seconds;
  return comparison.ratio == Ratio::speedup ? other / ours : ours / other;
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::string text = comparison.name;
  const char* before = ": ";
  for (const Side* side : {&comparison.ours, &comparison.other}) {
    text += before + side->name + " " + duration(side->seconds);
    before = ", ";
  }
  text += ", " + formatted("%.2fx", quotient(comparison));
  return comparison.bound.empty() ? text : text + " (asked: " + comparison.bound + ")";
}

void report(benchmark::State& state, const Comparison& comparison) {
  state.counters["ratio"] = quotient(comparison);
  state.SetLabel(to_text(comparison));
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace titan::bench
