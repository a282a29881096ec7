#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace titan::recompute {

/// One operator output that a unit may keep: what it takes and what running the operator again would cost.
struct Keepable {
  int64_t bytes = 0;
  double cost = 0.0;  // in any unit of time
};

/// A choice that no other beats in both memory and recomputation.
struct ParetoPoint {
  int64_t kept_bytes = 0;
  double recomputed_cost = 0.0;
  std::vector<bool> kept;  // one per Keepable
};

/// Lists all undominated choices, from keeping nothing to keeping everything that is worth it, by ascending memory
/// (the exact 0/1 knapsack frontier of Nemhauser and Ullmann). Beyond `max_points` neighbours are thinned out, ends
/// stay.
std::vector<ParetoPoint> pareto_frontier(const std::vector<Keepable>& items, size_t max_points = 4096);

/// Picks the frontier's point with the least recomputation whose memory is at most `budget_bytes`; keeping nothing
/// always fits.
const ParetoPoint& choose_within(const std::vector<ParetoPoint>& frontier, int64_t budget_bytes);

}  // namespace titan::recompute
