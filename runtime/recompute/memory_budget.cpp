#include "runtime/recompute/memory_budget.h"

#include <algorithm>
#include <utility>

namespace titan::recompute {
namespace {

using Frontier = std::vector<ParetoPoint>;

Frontier with_item(const Frontier& frontier, size_t index, const Keepable& item) {
  Frontier kept = frontier;
  for (auto& point : kept) {
    point.kept_bytes += item.bytes;
    point.recomputed_cost -= item.cost;
    point.kept[index] = true;
  }
  return kept;
}

bool cheaper(const ParetoPoint& a, const ParetoPoint& b) {
  return std::pair(a.kept_bytes, a.recomputed_cost) < std::pair(b.kept_bytes, b.recomputed_cost);
}

Frontier merge(const Frontier& without, const Frontier& with) {
  Frontier all;
  std::merge(without.begin(), without.end(), with.begin(), with.end(), std::back_inserter(all), cheaper);
  Frontier best;
  for (auto& point : all) {
    if (best.empty() || point.recomputed_cost < best.back().recomputed_cost) best.push_back(std::move(point));
  }
  return best;
}

void thin_out(Frontier& frontier, size_t max_points) {
  if (frontier.size() <= max_points) return;
  Frontier thin;
  for (size_t i = 0; i < max_points; ++i) thin.push_back(frontier[i * (frontier.size() - 1) / (max_points - 1)]);
  frontier = std::move(thin);
}

}  // namespace

std::vector<ParetoPoint> pareto_frontier(const std::vector<Keepable>& items, size_t max_points) {
  ParetoPoint nothing{.kept = std::vector<bool>(items.size(), false)};
  for (const auto& item : items) nothing.recomputed_cost += item.cost;
  Frontier frontier{nothing};
  for (size_t i = 0; i < items.size(); ++i) {
    frontier = merge(frontier, with_item(frontier, i, items[i]));
    thin_out(frontier, std::max<size_t>(2, max_points));
  }
  return frontier;
}

const ParetoPoint& choose_within(const std::vector<ParetoPoint>& frontier, int64_t budget_bytes) {
  const auto beyond =
      std::upper_bound(frontier.begin(), frontier.end(), budget_bytes,
                       [](int64_t bytes, const ParetoPoint& point) { return bytes < point.kept_bytes; });
  return beyond == frontier.begin() ? frontier.front() : *(beyond - 1);
}

}  // namespace titan::recompute
