#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "estimator/report/diff.h"
#include "estimator/report/quantity_text.h"
#include "estimator/report/table_sections.h"
#include "runtime/metrics/number_text.h"

namespace titan::estimator {
namespace {

/// The unit that a waterfall's numbers are printed in.
struct PrintUnit {
  double size = 1.0;  // in the waterfall's own
  int decimals = 0;
  std::string name;
};

PrintUnit time_scale(const Waterfall& waterfall) {
  const double picoseconds = static_cast<double>(std::max(std::abs(waterfall.from), std::abs(waterfall.to)));
  if (picoseconds >= 1e12) return {1e12, 3, "s"};
  if (picoseconds >= 1e9) return {1e9, 3, "ms"};
  return {1e6, 3, "us"};
}

PrintUnit memory_scale(const Waterfall& waterfall) {
  const double bytes = static_cast<double>(std::max(std::abs(waterfall.from), std::abs(waterfall.to)));
  if (bytes >= 0x1p30) return {0x1p30, 2, "GiB"};
  if (bytes >= 0x1p20) return {0x1p20, 2, "MiB"};
  return {0x1p10, 2, "KiB"};
}

/// Rounds amounts so that they sum to their rounded total: those with the largest errors give way.
std::vector<int64_t> rounded(const std::vector<int64_t>& amounts, double unit) {
  const auto exact = [&](int64_t amount) { return static_cast<double>(amount) / unit; };
  std::vector<int64_t> units;
  for (const int64_t amount : amounts) units.push_back(std::llround(exact(amount)));
  const int64_t whole = std::llround(exact(std::accumulate(amounts.begin(), amounts.end(), int64_t{0})));
  int64_t excess = std::accumulate(units.begin(), units.end(), int64_t{0}) - whole;
  for (; excess != 0; excess -= excess > 0 ? 1 : -1) {
    const double sign = excess > 0 ? 1.0 : -1.0;
    size_t worst = 0;
    const auto error = [&](size_t i) { return sign * (static_cast<double>(units[i]) - exact(amounts[i])); };
    for (size_t i = 1; i < units.size(); ++i) {
      if (error(i) > error(worst)) worst = i;
    }
    units[worst] -= excess > 0 ? 1 : -1;
  }
  return units;
}

/// How `to` compares with `from`: empty where nothing changed, a factor where percent would be many digits.
std::string relative_text(double from, double to) {
  if (from == to) return "";
  if (from == 0.0) return "new";
  const double ratio = to / from;
  if (ratio >= 10.0) return "x " + rate_text(ratio);
  const double change = 100.0 * (ratio - 1.0);
  return signed_text(change < 0.0, metrics::fixed(std::abs(change), std::abs(change) < 9.995 ? 2 : 1)) + " %";
}

void write_row(TablePage& page, const std::string& name, const std::string& from, const std::string& to,
               const std::string& change, const std::string& share, const std::string& colour_reason = "") {
  const std::string_view colour = colour_reason == "worse"    ? page.colours.red
                                  : colour_reason == "better" ? page.colours.green
                                                              : std::string_view();
  page.line("  " + left(shortened(name, kNameWidth), kNameWidth) + right(from, kValueWidth) + right(to, kValueWidth) +
                right(change, kValueWidth) + "  " + right(share, kShareWidth),
            colour);
}

/// Prints a waterfall: a line per part, largest change first, and the total.
void write_waterfall(TablePage& page, const std::string& title, const Waterfall& waterfall, const PrintUnit& scale) {
  const double unit = scale.size / std::pow(10.0, scale.decimals);
  std::vector<Part> parts = waterfall.parts;
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return std::abs(a.change()) > std::abs(b.change()); });
  std::vector<int64_t> from, to;
  for (const Part& part : parts) {
    from.push_back(part.from);
    to.push_back(part.to);
  }
  const auto text = [&](int64_t units) {
    return metrics::with_commas(static_cast<double>(std::abs(units)) * unit / scale.size, scale.decimals);
  };
  const auto plain = [&](int64_t units) { return (units < 0 ? "-" : "") + text(units); };
  const auto row = [&](const std::string& name, int64_t from_units, int64_t to_units, const std::string& share) {
    const int64_t change = to_units - from_units;
    write_row(page, name, plain(from_units), plain(to_units), change == 0 ? "" : signed_text(change < 0, text(change)),
              share);
  };
  const std::vector<int64_t> from_units = rounded(from, unit), to_units = rounded(to, unit);
  page.line(title + ", " + scale.name);
  for (size_t i = 0; i < parts.size(); ++i) {
    row(parts[i].name, from_units[i], to_units[i],
        relative_text(static_cast<double>(from[i]), static_cast<double>(to[i])));
  }
  row("= total", std::accumulate(from_units.begin(), from_units.end(), int64_t{0}),
      std::accumulate(to_units.begin(), to_units.end(), int64_t{0}),
      relative_text(static_cast<double>(waterfall.from), static_cast<double>(waterfall.to)));
}

void write_headlines(TablePage& page, const Diff& diff, const std::string& from_name, const std::string& to_name) {
  const Estimate &from = diff.from, &to = diff.to;
  write_row(page, "", shortened_middle(from_name, kValueWidth - 1), shortened_middle(to_name, kValueWidth - 1), "", "");
  const auto row = [&](const char* name, double a, double b, std::string (*text)(double), bool more_is_better) {
    const std::string direction = a == b ? "" : (b > a) == more_is_better ? "better" : "worse";
    write_row(page, name, text(a), text(b), a == b ? "same" : signed_text(b < a, text(std::abs(b - a))),
              relative_text(a, b), direction);
  };
  const auto percent = [](double value) { return metrics::fixed(value, 2) + " %"; };
  const auto memory = [](double value) { return bytes_text(static_cast<int64_t>(value)); };
  write_row(page, "fits", from.fits ? "yes" : "NO", to.fits ? "yes" : "NO", "", "",
            from.fits == to.fits ? ""
            : to.fits            ? "better"
                                 : "worse");
  row("tokens/s per GPU", from.tokens_per_second_per_gpu, to.tokens_per_second_per_gpu, rate_text, true);
  row("step time", from.step_time_s, to.step_time_s, seconds_text, false);
  row("MFU", from.mfu_percent, to.mfu_percent, percent, true);
  row("used on the device", static_cast<double>(diff.memory.from), static_cast<double>(diff.memory.to), memory, false);
}

void write_settings(TablePage& page, const Diff& diff) {
  if (diff.settings.empty()) {
    page.line("All settings are the same.");
    return;
  }
  page.line("Changed settings");
  for (const ChangedSetting& setting : diff.settings) {
    page.paragraph("  ", setting.key + ": " + (setting.from.empty() ? "''" : setting.from) + " -> " +
                             (setting.to.empty() ? "''" : setting.to));
  }
}

std::string verdict(const Diff& diff, double tolerance) {
  const double from = diff.from.tokens_per_second_per_gpu, to = diff.to.tokens_per_second_per_gpu;
  const int64_t memory = diff.memory.change();
  const std::string percent = metrics::fixed(100.0 * tolerance, 1) + " %";
  if (same_within(diff, tolerance)) return "SAME within " + percent;
  const std::string tokens = from == to ? "same" : relative_text(from, to);
  std::string text = "DIFFERENT beyond " + percent + ": " + tokens + " tokens/s per GPU, " +
                     (memory == 0 ? "same" : signed_text(memory < 0, bytes_text(std::abs(memory)))) + " memory";
  if (diff.from.fits != diff.to.fits) text += unbroken(diff.to.fits ? ", now fits" : ", no longer fits");
  return text;
}

}  // namespace

std::string diff_text(const Diff& diff, const std::string& from_name, const std::string& to_name,
                      const DiffOptions& options) {
  TablePage page(options.table);
  page.paragraph("", verdict(diff, options.tolerance),
                 same_within(diff, options.tolerance) ? page.colours.green : page.colours.yellow);
  page.blank();
  write_headlines(page, diff, from_name, to_name);
  page.blank();
  write_settings(page, diff);
  page.blank();
  write_waterfall(page, "Step time of the slowest role", diff.time, time_scale(diff.time));
  page.blank();
  write_waterfall(page, "Memory of the fullest role", diff.memory, memory_scale(diff.memory));
  return page.text();
}

}  // namespace titan::estimator
