#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace titan::validate {

/// A published figure: its value and half a unit of its last digit, within which it was rounded.
struct Figure {
  double value = 0.0;
  double rounding = 0.0;
};

/// Reads "5762", "82.4". Throws ConfigError(where, ...) for anything else.
Figure read_figure(const std::string& where, const std::string& text);

/// Relative distance of `predicted` from what `measured` can have been before it was rounded: 0 inside. Signed.
double error_outside_rounding(double predicted, const Figure& measured);

/// One published training run.
struct PublishedRow {
  std::string id, table;
  std::optional<Figure> tokens_per_second_per_gpu;
  std::optional<Figure> mfu_percent;
  std::optional<Figure> peak_reserved_gib;
  bool ran_out_of_memory = false;
  std::string note;
};

/// Reads validate/published/rows.csv. Throws ConfigError naming file and line.
std::vector<PublishedRow> read_rows(const std::filesystem::path& file);

}  // namespace titan::validate
