#include "validate/published/rows.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "runtime/config/config_error.h"
#include "runtime/config/value.h"

namespace titan::validate {
namespace {

constexpr const char* kHeader = "id,table,tokens_per_second_per_gpu,mfu_percent,peak_reserved_gib,outcome,note";
constexpr size_t kNumColumns = 7;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char letter : line) {
    if (letter == ',') {
      cells.emplace_back();
    } else {
      cells.back() += letter;
    }
  }
  return cells;
}

std::optional<Figure> optional_figure(const std::string& where, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return read_figure(where, text);
}

PublishedRow read_row(const std::string& where, const std::string& line) {
  const auto cells = split(line);
  if (cells.size() != kNumColumns) {
    throw config::ConfigError(
        where, "expects " + std::to_string(kNumColumns) + " columns, found " + std::to_string(cells.size()));
  }
  if (cells[5] != "ok" && cells[5] != "OOM") {
    throw config::ConfigError(where, "outcome must be ok or OOM, found " + config::in_quotes(cells[5]));
  }
  return {.id = cells[0],
          .table = cells[1],
          .tokens_per_second_per_gpu = optional_figure(where, cells[2]),
          .mfu_percent = optional_figure(where, cells[3]),
          .peak_reserved_gib = optional_figure(where, cells[4]),
          .ran_out_of_memory = cells[5] == "OOM",
          .note = cells[6]};
}

}  // namespace

Figure read_figure(const std::string& where, const std::string& text) {
  Figure figure;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), figure.value);
  if (error != std::errc() || end != text.data() + text.size() || !(figure.value > 0) || !std::isfinite(figure.value)) {
    throw config::ConfigError(where, "expects a positive number, found " + config::in_quotes(text));
  }
  const size_t point = text.find('.');
  const int digits = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  figure.rounding = 0.5 * std::pow(10.0, -digits);
  return figure;
}

double error_outside_rounding(double predicted, const Figure& measured) {
  if (predicted > measured.value + measured.rounding) return (predicted - measured.rounding) / measured.value - 1.0;
  if (predicted < measured.value - measured.rounding) return (predicted + measured.rounding) / measured.value - 1.0;
  return 0.0;
}

std::vector<PublishedRow> read_rows(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw config::ConfigError(file.string(), "cannot be read");
  std::vector<PublishedRow> rows;
  std::string line;
  bool has_header = false;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = file.string() + ":" + std::to_string(number);
    if (has_header) {
      rows.push_back(read_row(where, line));
    } else if (line != kHeader) {
      throw config::ConfigError(where, std::string("expects the header ") + kHeader);
    }
    has_header = true;
  }
  return rows;
}

}  // namespace titan::validate
