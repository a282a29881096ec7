#pragma once

#include <cstddef>
#include <string>

#include "estimator/report/estimate.h"
#include "estimator/report/text_layout.h"

namespace titan::estimator {

struct TableOptions {
  bool colours = false;
  size_t width = kReportWidth;  // at least 60
};

/// Writes the report for a console: whether it fits and with how much room, or what makes it fit; speed; memory of the
/// fullest role and a line per role; where the time goes; what the numbers rest on. Every line has at most
/// `options.width` columns and ends with a newline.
std::string table(const Estimate& estimate, const TableOptions& options = {});

/// Says whether text written to `descriptor` should be coloured: a terminal, and no NO_COLOR.
bool wants_colours(int descriptor);

}  // namespace titan::estimator
