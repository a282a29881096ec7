#include "estimator/report/table.h"

#include <unistd.h>

#include "estimator/report/table_sections.h"
#include "runtime/config/check.h"
#include "runtime/config/value.h"

namespace titan::estimator {

void TablePage::line(const std::string& text, std::string_view colour) {
  std::string shown = shortened(config::one_line(text), width);
  shown.erase(shown.find_last_not_of(' ') + 1);
  text_ += colour.empty() ? shown : std::string(colour) + shown + std::string(colours.reset);
  text_ += "\n";
}

void TablePage::paragraph(const std::string& lead, const std::string& text, std::string_view colour) {
  const size_t indent = display_width(lead);
  bool first = true;
  for (const std::string& part : wrapped(text, width - indent)) {
    line((first ? lead : std::string(indent, ' ')) + part, colour);
    first = false;
  }
}

std::string table(const Estimate& estimate, const TableOptions& options) {
  config::check(options.width >= 60, "table: width must be at least 60: width=", options.width);
  TablePage page(options);
  write_verdict(page, estimate);
  page.blank();
  write_speed(page, estimate);
  page.blank();
  write_subject(page, estimate);
  page.blank();
  write_memory(page, estimate);
  write_roles(page, estimate);
  page.blank();
  write_time(page, estimate);
  page.blank();
  write_evidence(page, estimate);
  return page.text();
}

bool wants_colours(int descriptor) { return ::isatty(descriptor) == 1 && metrics::use_colours(false); }

}  // namespace titan::estimator
