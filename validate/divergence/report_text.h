#pragma once

#include <string>

#include "validate/divergence/divergence.h"

namespace titan::validate {

/// The answer in one line, then the errors by unit, then a hint where there is one; no line of the table is longer than
/// 80 columns.
std::string report_text(const DivergenceReport& report);

/// The same as a JSON object: agrees, ranks, steps, tensors, tolerance, largest_error, first (null when all agrees),
/// units; reference_fault where there is one. Numbers that are not finite are texts.
std::string report_json(const DivergenceReport& report);

}  // namespace titan::validate
