#include "runtime/recompute/save_policy.h"

#include <gtest/gtest.h>

namespace titan::recompute {
namespace {

OpCall matmul(int64_t in, int64_t out) { return {.kind = OpKind::matmul, .operand_shape = {in, out}}; }
OpCall other(OpKind kind) { return {.kind = kind}; }

/// Marks which calls of one run are kept.
std::string decisions(const SavePolicy& policy, const std::vector<OpCall>& calls) {
  OpCounts counts;
  std::string marks;
  for (const auto& call : calls) marks += policy.keeps(call, counts) ? 'x' : '.';
  return marks;
}

const std::vector<OpCall> kCalls = {
    matmul(4, 4), matmul(4, 8), other(OpKind::attention), matmul(4, 4), other(OpKind::reduce_scatter),
    matmul(8, 4), matmul(4, 4)};

TEST(SavePolicy, ByOperatorKeepsOddMatmulsAndWhatIsNoMatmul) {
  EXPECT_EQ(decisions(*keep_every_other_matmul({}), kCalls), "x.xxx.x");
  EXPECT_EQ(decisions(*keep_every_other_matmul({}), kCalls), "x.xxx.x") << "each run of a unit counts anew";
  for (const auto kind : {OpKind::attention, OpKind::reduce_scatter, OpKind::all_to_all, OpKind::amax}) {
    EXPECT_EQ(decisions(*keep_every_other_matmul({}), {other(kind), other(kind)}), "xx");
  }
}

TEST(SavePolicy, MatmulsOfAListedShapeRunAgainAndAreNotCounted) {
  // Left to count: (4, 8) as 1 and (8, 4) as 2.
  EXPECT_EQ(decisions(*keep_every_other_matmul({{4, 4}}), kCalls), ".xx.x..");
  // Left to count: the three of (4, 4).
  EXPECT_EQ(decisions(*keep_every_other_matmul({{4, 8}, {8, 4}}), kCalls), "x.x.x.x");
}

TEST(SavePolicy, ChosenOutputsAreKeptByTheirPlaceInTheRun) {
  EXPECT_EQ(decisions(*keep_chosen({false, true, true}), kCalls), ".xx....");
  EXPECT_EQ(decisions(*keep_chosen({}), kCalls), ".......");
  EXPECT_EQ(decisions(*keep_nothing(), kCalls), ".......");
}

TEST(SavePolicy, KeysDifferWhereDecisionsDiffer) {
  const std::vector<std::shared_ptr<const SavePolicy>> policies = {
      keep_nothing(),
      keep_every_other_matmul({}),
      keep_every_other_matmul({{4, 8}}),
      keep_every_other_matmul({{48, 8}}),
      keep_every_other_matmul({{4, 8}, {8, 4}}),
      keep_chosen({true}),
      keep_chosen({true, false}),
      keep_chosen({false, true}),
  };
  std::set<std::string> keys;
  for (const auto& policy : policies) keys.insert(policy->key());
  EXPECT_EQ(keys.size(), policies.size());
  EXPECT_EQ(keep_every_other_matmul({{8, 4}, {4, 8}})->key(), policies[4]->key()) << "order does not matter";
}

}  // namespace
}  // namespace titan::recompute
