#include "validate/published/rows.h"

#include <charconv>
#include <cmath>

#include "runtime/config/config_error.h"
#include "runtime/config/value.h"
#include "validate/published/csv.h"

namespace titan::validate {
namespace {

constexpr const char* kHeader = "id,table,tokens_per_second_per_gpu,mfu_percent,peak_reserved_gib,outcome,note";

std::optional<Figure> optional_figure(const std::string& where, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return read_figure(where, text);
}

PublishedRow read_row(const std::string& where, const std::vector<std::string>& cells) {
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
  std::vector<PublishedRow> rows;
  read_csv(file, kHeader, [&](const std::string& where, const auto& cells) { rows.push_back(read_row(where, cells)); });
  return rows;
}

}  // namespace titan::validate
