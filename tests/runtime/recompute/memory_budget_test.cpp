#include "runtime/recompute/memory_budget.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace titan::recompute {
namespace {

using Items = std::vector<Keepable>;

// Costs are whole numbers, so sums are exact; small ranges make ties, zeros are possible.
Items random_items(std::mt19937& random, size_t count) {
  std::uniform_int_distribution<int64_t> bytes(0, 12), cost(0, 9);
  Items items;
  for (size_t i = 0; i < count; ++i) items.push_back({bytes(random), static_cast<double>(cost(random))});
  return items;
}

ParetoPoint point_of(const Items& items, const std::vector<bool>& kept) {
  ParetoPoint point{.kept = kept};
  for (size_t i = 0; i < items.size(); ++i) {
    if (kept[i]) {
      point.kept_bytes += items[i].bytes;
    } else {
      point.recomputed_cost += items[i].cost;
    }
  }
  return point;
}

std::vector<ParetoPoint> all_subsets(const Items& items) {
  std::vector<ParetoPoint> points;
  for (uint32_t subset = 0; subset < 1u << items.size(); ++subset) {
    std::vector<bool> kept;
    for (size_t i = 0; i < items.size(); ++i) kept.push_back((subset >> i & 1) == 1);
    points.push_back(point_of(items, kept));
  }
  return points;
}

double least_cost_within(const std::vector<ParetoPoint>& points, int64_t budget) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& point : points) {
    if (point.kept_bytes <= budget) least = std::min(least, point.recomputed_cost);
  }
  return least;
}

void expect_consistent(const std::vector<ParetoPoint>& frontier, const Items& items) {
  for (size_t i = 0; i < frontier.size(); ++i) {
    const auto told = point_of(items, frontier[i].kept);
    EXPECT_EQ(frontier[i].kept_bytes, told.kept_bytes);
    EXPECT_EQ(frontier[i].recomputed_cost, told.recomputed_cost);
    if (i == 0) continue;
    EXPECT_LT(frontier[i - 1].kept_bytes, frontier[i].kept_bytes) << "more memory";
    EXPECT_GT(frontier[i - 1].recomputed_cost, frontier[i].recomputed_cost) << "must save operations";
  }
}

TEST(ParetoFrontier, HoldsTheBestOfAllSubsetsForEveryBudget) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    const auto items = random_items(random, round % 11);
    const auto frontier = pareto_frontier(items);
    const auto all = all_subsets(items);
    expect_consistent(frontier, items);
    for (int64_t budget = 0; budget <= 12 * 11; ++budget) {
      const auto& chosen = choose_within(frontier, budget);
      EXPECT_LE(chosen.kept_bytes, budget);
      EXPECT_EQ(chosen.recomputed_cost, least_cost_within(all, budget)) << "round " << round << " budget " << budget;
    }
  }
}

TEST(ParetoFrontier, ThinningKeepsItsEndsAndItsOrder) {
  std::mt19937 random(2);
  for (const size_t max_points : {2u, 3u, 7u}) {
    const auto items = random_items(random, 14);
    const auto exact = pareto_frontier(items), thin = pareto_frontier(items, max_points);
    ASSERT_GT(exact.size(), max_points) << "there is something to thin out";
    EXPECT_LE(thin.size(), max_points);
    expect_consistent(thin, items);
    EXPECT_EQ(thin.front().kept_bytes, exact.front().kept_bytes);
    EXPECT_EQ(thin.front().recomputed_cost, exact.front().recomputed_cost);
    EXPECT_EQ(thin.back().kept_bytes, exact.back().kept_bytes);
    EXPECT_EQ(thin.back().recomputed_cost, exact.back().recomputed_cost);
  }
}

TEST(ParetoFrontier, KeepsWhatCostsNoMemoryAndNothingThatSavesNothing) {
  const auto frontier = pareto_frontier({{.bytes = 0, .cost = 3.0}, {.bytes = 5, .cost = 0.0}});
  ASSERT_EQ(frontier.size(), 1u);
  EXPECT_EQ(frontier[0].kept, (std::vector<bool>{true, false}));
  EXPECT_EQ(pareto_frontier({}).size(), 1u);
}

TEST(ChooseWithin, NothingFitsAlwaysAndEverythingInTheEnd) {
  const auto frontier = pareto_frontier({{.bytes = 4, .cost = 1.0}, {.bytes = 2, .cost = 3.0}});
  EXPECT_EQ(choose_within(frontier, -1).kept_bytes, 0);
  EXPECT_EQ(choose_within(frontier, 1).kept_bytes, 0);
  EXPECT_EQ(choose_within(frontier, 2).kept_bytes, 2);
  EXPECT_EQ(choose_within(frontier, 5).kept_bytes, 2);
  EXPECT_EQ(choose_within(frontier, 6).kept_bytes, 6);
  EXPECT_EQ(choose_within(frontier, std::numeric_limits<int64_t>::max()).kept_bytes, 6);
}

}  // namespace
}  // namespace titan::recompute
