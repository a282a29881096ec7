#pragma once

#include <string>
#include <vector>

#include "runtime/recompute/memory_budget.h"

namespace titan::recompute {

/// What a plot of one block's trade-off shows.
struct ParetoPlot {
  std::string title;
  std::vector<ParetoPoint> frontier;  // as pareto_frontier gives it
  int64_t full_bytes = 0;             // what the block keeps without checkpointing: budget 1
  double budget = 0.0;                // the configured share, marked in the plot
};

/// Draws recomputation (share of the most expensive choice) over memory budget 0, 0.05, ..., 1 as an SVG document
/// without external resources.
std::string pareto_svg(const ParetoPlot& plot);

}  // namespace titan::recompute
