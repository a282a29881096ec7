#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/report/estimate.h"
#include "validate/published/rows.h"

namespace titan::validate {

/// A published row and what was predicted for it, or why it cannot be.
struct RowResult {
  PublishedRow row;
  std::optional<estimator::Estimate> predicted;
  std::optional<double> mfu_percent;  // by the formula of the row's table
  std::string not_expressible;        // empty where there is a prediction
};

/// Signed relative errors outside the rounding of the published figures; absent where either side is.
std::optional<double> speed_error(const RowResult& result);
std::optional<double> memory_error(const RowResult& result);

/// Whether the published speed lies inside the predicted interval; absent where either is.
std::optional<bool> is_inside_interval(const RowResult& result);

/// A table of rows with predicted, measured and error, the errors per table and in all, and the rows that cannot be
/// expressed with what they need. At most 120 columns.
std::string comparison_text(const std::vector<RowResult>& results);

}  // namespace titan::validate
