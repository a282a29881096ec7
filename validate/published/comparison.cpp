#include "validate/published/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "estimator/report/text_layout.h"

namespace titan::validate {
namespace {

constexpr size_t kWidth = 120;
constexpr size_t kIdWidth = 28;  // the longest of the shipped rows
constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

/// Collects absolute errors.
struct Errors {
  void add(const std::optional<double>& error) {
    if (!error) return;
    ++count;
    sum += std::abs(*error);
    worst = std::max(worst, std::abs(*error));
  }
  int count = 0;
  double sum = 0.0, worst = 0.0;
};

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

std::string percent(const std::optional<double>& share) { return share ? format("%+.1f %%", 100.0 * *share) : ""; }

std::string number(const std::optional<double>& value, const char* pattern) {
  return value ? format(pattern, *value) : "";
}

std::optional<double> value(const std::optional<Figure>& figure) {
  if (!figure) return std::nullopt;
  return figure->value;
}

double reserved_gib(const estimator::Estimate& estimate) {
  return static_cast<double>(fullest(estimate).peak_reserved_bytes) / kGib;
}

std::string outcome(const RowResult& result) {
  const bool expected = result.predicted->fits != result.row.ran_out_of_memory;
  const std::string predicted = result.predicted->fits ? "fits" : "does not fit";
  return expected ? predicted : predicted + ", WRONG";
}

std::string row_line(const RowResult& result) {
  const auto& estimate = *result.predicted;
  const auto interval = estimate.tokens_interval;
  return format("%-27s%8.0f [%5.0f,%6.0f]%9s%9s%6s%6s%8.1f%7s%9s  %s\n", result.row.id.c_str(),
                estimate.tokens_per_second_per_gpu, interval.low, interval.high,
                number(value(result.row.tokens_per_second_per_gpu), "%.0f").c_str(),
                percent(speed_error(result)).c_str(), number(result.mfu_percent, "%.1f").c_str(),
                number(value(result.row.mfu_percent), "%.1f").c_str(), reserved_gib(estimate),
                number(value(result.row.peak_reserved_gib), "%.1f").c_str(), percent(memory_error(result)).c_str(),
                outcome(result).c_str());
}

std::string errors_line(const std::string& name, const Errors& speed, const Errors& memory) {
  std::string line = format("%-10s", name.c_str());
  if (speed.count) {
    line += format("tokens/s: %2d rows, mean %4.1f %%, worst %4.1f %%", speed.count, 100 * speed.sum / speed.count,
                   100 * speed.worst);
  }
  if (memory.count) {
    line += format("   reserved: %2d rows, mean %4.1f %%, worst %4.1f %%", memory.count,
                   100 * memory.sum / memory.count, 100 * memory.worst);
  }
  return line + "\n";
}

std::string summary(const std::vector<RowResult>& results) {
  std::map<std::string, std::pair<Errors, Errors>> by_table;
  Errors speed, memory;
  int inside = 0, with_interval = 0;
  for (const auto& result : results) {
    if (!result.predicted) continue;
    by_table[result.row.table].first.add(speed_error(result));
    by_table[result.row.table].second.add(memory_error(result));
    speed.add(speed_error(result));
    memory.add(memory_error(result));
    if (const auto is_inside = is_inside_interval(result)) {
      ++with_interval;
      inside += *is_inside;
    }
  }
  std::string text = "\nErrors outside the rounding of the published figures:\n";
  for (const auto& [table, errors] : by_table) text += errors_line(table, errors.first, errors.second);
  text += errors_line("all", speed, memory);
  return text + format("%d of %d published speeds lie inside the predicted interval\n", inside, with_interval);
}

std::string missing(const std::vector<RowResult>& results) {
  std::string text;
  for (const auto& result : results) {
    if (result.predicted) continue;
    std::string indent = "  " + estimator::left(result.row.id, kIdWidth) + " ";
    for (const auto& line : estimator::wrapped(result.not_expressible, kWidth - indent.size())) {
      text += indent + line + "\n";
      indent.assign(indent.size(), ' ');
    }
  }
  return text.empty() ? text : "\nNot expressible yet:\n" + text;
}

}  // namespace

std::optional<double> speed_error(const RowResult& result) {
  if (!result.predicted || !result.row.tokens_per_second_per_gpu) return std::nullopt;
  return error_outside_rounding(result.predicted->tokens_per_second_per_gpu, *result.row.tokens_per_second_per_gpu);
}

std::optional<double> memory_error(const RowResult& result) {
  if (!result.predicted || !result.row.peak_reserved_gib) return std::nullopt;
  return error_outside_rounding(reserved_gib(*result.predicted), *result.row.peak_reserved_gib);
}

std::optional<bool> is_inside_interval(const RowResult& result) {
  if (!result.predicted || !result.row.tokens_per_second_per_gpu) return std::nullopt;
  const double measured = result.row.tokens_per_second_per_gpu->value;
  const auto& interval = result.predicted->tokens_interval;
  return interval.low <= measured && measured <= interval.high;
}

std::string comparison_text(const std::vector<RowResult>& results) {
  std::string text = format("%-27s%8s %15s%9s%9s%6s%6s%8s%7s%9s  %s\n", "row", "tok/s", "80 % interval", "measured",
                            "error", "MFU", "meas.", "GiB", "meas.", "error", "memory");
  for (const auto& result : results) {
    if (result.predicted) text += row_line(result);
  }
  return text + summary(results) + missing(results);
}

}  // namespace titan::validate
