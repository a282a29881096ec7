#include <algorithm>
#include <array>

#include "estimator/report/quantity_text.h"
#include "estimator/report/what_if.h"
#include "runtime/config/check.h"
#include "runtime/config/value.h"
#include "runtime/metrics/colours.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

constexpr std::array<size_t, 5> kResultWidths = {4, 10, 9, 9, 6};  // fits, memory, tokens/s, step, MFU
constexpr size_t kGap = 2;
constexpr size_t kMarkWidth = 2;

/// A column of a varied key.
struct Column {
  std::string key;
  std::string header;
  std::vector<std::string> values;  // all different ones, in order of appearance
  size_t width = 0;
  bool numbered = false;  // cells show the value's number; the legend says which is which
};

std::string value_text(const std::string& value) { return value.empty() ? "''" : config::one_line(value); }

size_t total_width(const std::vector<Column>& columns) {
  size_t total = kMarkWidth;
  for (const Column& column : columns) total += column.width + kGap;
  for (const size_t width : kResultWidths) total += width + kGap;
  return total - kGap;
}

void set_widths(std::vector<Column>& columns) {
  for (Column& column : columns) {
    column.width = display_width(column.header);
    for (size_t i = 0; i < column.values.size(); ++i) {
      const std::string cell = column.numbered ? std::to_string(i + 1) : value_text(column.values[i]);
      column.width = std::max(column.width, display_width(cell));
    }
  }
}

/// The key's last part, as much before it as tells it from the others.
std::string short_name(const std::string& key, const std::vector<Column>& columns) {
  for (size_t dot = key.rfind('.'); dot != std::string::npos && dot > 0; dot = key.rfind('.', dot - 1)) {
    const std::string end = key.substr(dot);
    const auto shares = [&](const Column& other) { return other.key != key && ("." + other.key).ends_with(end); };
    if (std::none_of(columns.begin(), columns.end(), shares)) return end.substr(1);
  }
  return key;
}

/// Lays the keys' columns out: short names for headers, else letters, else the widest columns' values by number too.
std::vector<Column> lay_out(const std::vector<WhatIfRow>& rows, size_t width) {
  std::vector<Column> columns;
  for (const Override& setting : rows.front().overrides) columns.push_back({.key = setting.key});
  for (const WhatIfRow& row : rows) {
    config::check(row.overrides.size() == columns.size(), "what_if_table: all rows must vary the same keys");
    for (size_t i = 0; i < columns.size(); ++i) {
      auto& values = columns[i].values;
      config::check(row.overrides[i].key == columns[i].key, "what_if_table: all rows must vary the same keys");
      if (std::find(values.begin(), values.end(), row.overrides[i].value) == values.end()) {
        values.push_back(row.overrides[i].value);
      }
    }
  }
  for (Column& column : columns) column.header = short_name(column.key, columns);
  set_widths(columns);
  if (total_width(columns) > width) {
    for (size_t i = 0; i < columns.size(); ++i) columns[i].header = std::string(1, static_cast<char>('A' + i));
    set_widths(columns);
  }
  while (total_width(columns) > width) {
    const auto widest = std::max_element(columns.begin(), columns.end(),
                                         [](const Column& a, const Column& b) { return a.width < b.width; });
    if (widest->numbered) break;
    widest->numbered = true;
    set_widths(columns);
  }
  return columns;
}

std::string cell_text(const Column& column, const std::string& value) {
  if (!column.numbered) return value_text(value);
  const auto at = std::find(column.values.begin(), column.values.end(), value);
  return std::to_string(at - column.values.begin() + 1);
}

/// Says what headers and numbers stand for, where they do not speak for themselves.
std::string legend(const std::vector<Column>& columns, size_t width) {
  std::string text;
  for (const Column& column : columns) {
    if (column.header == column.key) continue;
    std::string line = column.header + " = " + column.key;
    for (size_t i = 0; column.numbered && i < column.values.size(); ++i) {
      line += (i == 0 ? ": " : ", ") + std::to_string(i + 1) + " = " + value_text(column.values[i]);
    }
    for (const std::string& part : wrapped(line, width)) text += part + "\n";
  }
  return text;
}

std::string keys_text(const std::vector<Column>& columns, const WhatIfRow* row) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    text +=
        right(row == nullptr ? columns[i].header : cell_text(columns[i], row->overrides[i].value), columns[i].width) +
        std::string(kGap, ' ');
  }
  return text;
}

std::string results_text(const std::array<std::string, 5>& results) {
  std::string text;
  for (size_t i = 0; i < results.size(); ++i) {
    text += (i == 0 ? "" : std::string(kGap, ' ')) + right(results[i], kResultWidths[i]);
  }
  return text;
}

std::string results_text(const Estimate& estimate) {
  return results_text({estimate.fits ? "yes" : "NO", bytes_text(fullest(estimate).device_used_bytes),
                       rate_text(estimate.tokens_per_second_per_gpu), seconds_text(estimate.step_time_s),
                       metrics::fixed(estimate.mfu_percent, 1)});
}

/// The different errors of the rows, in order of appearance.
std::vector<std::string> errors_of(const std::vector<WhatIfRow>& rows) {
  std::vector<std::string> errors;
  for (const WhatIfRow& row : rows) {
    const bool known = std::find(errors.begin(), errors.end(), row.error) != errors.end();
    if (!row.estimate && !known) errors.push_back(row.error);
  }
  return errors;
}

const WhatIfRow* best_of(const std::vector<WhatIfRow>& rows) {
  const WhatIfRow* best = nullptr;
  for (const WhatIfRow& row : rows) {
    if (!row.estimate || !row.estimate->fits) continue;
    const bool better =
        best == nullptr || row.estimate->tokens_per_second_per_gpu > best->estimate->tokens_per_second_per_gpu;
    if (better) best = &row;
  }
  return best;
}

}  // namespace

std::string what_if_table(const std::vector<WhatIfRow>& rows, const TableOptions& options) {
  config::check(!rows.empty(), "what_if_table: there must be a row");
  const metrics::Colours colours = metrics::colours(options.colours);
  const std::vector<Column> columns = lay_out(rows, options.width);
  const std::vector<std::string> errors = errors_of(rows);
  const WhatIfRow* best = best_of(rows);
  std::string text = legend(columns, options.width);
  if (!text.empty()) text += "\n";
  text += "  " + keys_text(columns, nullptr) + results_text({"fits", "memory", "tokens/s", "step", "MFU %"}) + "\n";
  for (const WhatIfRow& row : rows) {
    const auto error = std::find(errors.begin(), errors.end(), row.error) - errors.begin();
    const std::string line =
        (&row == best ? "* " : "  ") + keys_text(columns, &row) +
        (row.estimate ? results_text(*row.estimate) : "refused, see [" + std::to_string(error + 1) + "]");
    const std::string_view colour = &row == best                         ? colours.green
                                    : row.estimate && row.estimate->fits ? std::string_view()
                                                                         : colours.red;
    text += std::string(colour) + line + (colour.empty() ? "" : std::string(colours.reset)) + "\n";
  }
  text += best == nullptr ? "No combination fits.\n" : "* most tokens/s per GPU of those that fit\n";
  for (size_t i = 0; i < errors.size(); ++i) {
    for (const std::string& part : wrapped("[" + std::to_string(i + 1) + "] " + errors[i], options.width)) {
      text += part + "\n";
    }
  }
  return text;
}

}  // namespace titan::estimator
