#include <gtest/gtest.h>

#include <random>

#include "runtime/parallel/pipeline/lower.h"
#include "runtime/parallel/pipeline/validate.h"
#include "tests/runtime/pipeline/shapes.h"
#include "tests/runtime/pipeline/slow_check.h"

namespace titan::pipeline {
namespace {

// Every schedule, small, of computations only and lowered.
std::vector<Schedule> samples() {
  std::vector<Schedule> all;
  for (const auto& [ranks, microbatches] : {std::pair{1, 2}, {2, 4}, {3, 6}, {4, 8}}) {
    for (const auto& traits : all_schedules()) {
      if (!traits.generated) continue;
      all.push_back(make_schedule({traits.kind, ranks, traits.single_stage ? 1 : 2, microbatches}));
      all.push_back(lower(all.back()));
    }
  }
  return all;
}

void expect_same_verdict(const Schedule& broken, const Schedule& original, const std::string& change) {
  const bool valid = is_valid_slowly(broken, original);
  const auto defect = find_defect(broken);
  EXPECT_EQ(!defect, valid) << change << ": " << (defect ? to_string(*defect) : "valid");
  if (defect) {
    EXPECT_EQ(to_string(*defect).find('\n'), std::string::npos);
  }
}

TEST(Mutation, EveryDroppedActionIsFound) {
  for (const Schedule& original : samples()) {
    for (size_t rank = 0; rank < original.ranks.size(); ++rank) {
      for (size_t position = 0; position < original.ranks[rank].size(); ++position) {
        Schedule broken = original;
        broken.ranks[rank].erase(broken.ranks[rank].begin() + static_cast<int64_t>(position));
        EXPECT_TRUE(find_defect(broken)) << "rank " << rank << " without " << to_string(original.ranks[rank][position]);
      }
    }
  }
}

TEST(Mutation, EveryDuplicatedActionIsFound) {
  std::mt19937 random(1);
  for (const Schedule& original : samples()) {
    for (size_t rank = 0; rank < original.ranks.size(); ++rank) {
      for (const Action& action : original.ranks[rank]) {
        Schedule broken = original;
        Actions& actions = broken.ranks[rank];
        actions.insert(actions.begin() + static_cast<int64_t>(random() % (actions.size() + 1)), action);
        EXPECT_TRUE(find_defect(broken)) << "rank " << rank << " with a second " << to_string(action);
      }
    }
  }
}

TEST(Mutation, SwappedNeighboursAreFoundWhereTheyBreakIt) {
  for (const Schedule& original : samples()) {
    for (size_t rank = 0; rank < original.ranks.size(); ++rank) {
      for (size_t position = 1; position < original.ranks[rank].size(); ++position) {
        Schedule broken = original;
        Actions& actions = broken.ranks[rank];
        std::swap(actions[position - 1], actions[position]);
        expect_same_verdict(broken, original, "swap of " + to_string(actions[position]));
      }
    }
  }
}

TEST(Mutation, SwapsFarApartAreFoundWhereTheyBreakIt) {
  std::mt19937 random(2);
  int num_broken = 0;
  int num_valid = 0;
  for (const Schedule& original : samples()) {
    for (int i = 0; i < 60; ++i) {
      Schedule broken = original;
      Actions& actions = broken.ranks[random() % broken.ranks.size()];
      std::swap(actions[random() % actions.size()], actions[random() % actions.size()]);
      expect_same_verdict(broken, original, "swap " + std::to_string(i));
      (is_valid_slowly(broken, original) ? num_valid : num_broken)++;
    }
  }
  EXPECT_GT(num_broken, 1000);
  EXPECT_GT(num_valid, 50);
}

TEST(Mutation, MovedAndChangedActionsAreFound) {
  std::mt19937 random(3);
  for (const Schedule& original : samples()) {
    for (int i = 0; i < 40; ++i) {
      Schedule broken = original;
      const size_t rank = random() % broken.ranks.size();
      Actions& actions = broken.ranks[rank];
      Action& action = actions[random() % actions.size()];
      if (action.kind == ActionKind::kOverlap) action = action.parts[0];
      // The stage of another rank, or a microbatch that another action has or none.
      (i % 2 == 0 ? action.stage : action.microbatch) += i % 4 < 2 ? 1 : -1;
      EXPECT_TRUE(find_defect(broken)) << "rank " << rank << " with " << to_string(action);
    }
  }
}

}  // namespace
}  // namespace titan::pipeline
