#pragma once

#include "estimator/report/table.h"
#include "runtime/metrics/colours.h"

// The parts of the console report, in the order in which they are printed.

namespace titan::estimator {

/// Columns of a name and of a number.
inline constexpr size_t kNameWidth = 24;
inline constexpr size_t kValueWidth = 12;
inline constexpr size_t kShareWidth = 9;

/// The report as it is written, line by line.
class TablePage {
 public:
  explicit TablePage(const TableOptions& options)
      : colours(metrics::colours(options.colours)), width(options.width), text_() {}

  /// Adds one line, cut to the page's width and wholly in `colour`.
  void line(const std::string& text, std::string_view colour = {});
  /// Adds text broken into lines, the first after `lead`, the others under its end.
  void paragraph(const std::string& lead, const std::string& text, std::string_view colour = {});
  void blank() { text_ += "\n"; }
  const std::string& text() const { return text_; }

  const metrics::Colours colours;
  const size_t width;

 private:
  std::string text_;
};

void write_verdict(TablePage& page, const Estimate& estimate);
void write_speed(TablePage& page, const Estimate& estimate);
void write_subject(TablePage& page, const Estimate& estimate);
void write_memory(TablePage& page, const Estimate& estimate);
void write_roles(TablePage& page, const Estimate& estimate);
void write_time(TablePage& page, const Estimate& estimate);
void write_evidence(TablePage& page, const Estimate& estimate);

}  // namespace titan::estimator
