#include "runtime/parallel/pipeline/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/parallel/pipeline/schedule_csv.h"
#include "runtime/parallel/pipeline/validate.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

std::vector<Actions> without(std::vector<Actions> ranks, bool (*unwanted)(ActionKind)) {
  for (Actions& actions : ranks) std::erase_if(actions, [&](const Action& action) { return unwanted(action.kind); });
  return ranks;
}

TEST(Lower, KeepsComputationsInTheirOrderAndCannotBlock) {
  for (const ScheduleShape& shape : valid_shapes(8, 4, 12)) {
    SCOPED_TRACE(text_of(shape));
    const Schedule schedule = make_schedule(shape);
    const Schedule lowered = lower(schedule);
    EXPECT_EQ(lowered.has_transfers, shape.num_ranks > 1);
    EXPECT_TRUE(lowered.has_sharding);
    for (const auto transfers : {Transfers::kBlocking, Transfers::kBatched, Transfers::kBuffered}) {
      const auto defect = find_defect(lowered, transfers);
      EXPECT_FALSE(defect) << to_string(*defect);
    }
    EXPECT_EQ(without(without(lowered.ranks, is_transfer), is_sharding), schedule.ranks);
    EXPECT_EQ(lower(lowered), lowered);
  }
}

TEST(Lower, WithoutShardingOnlyTransfersAreAdded) {
  for (const ScheduleShape& shape : valid_shapes(6, 3, 12)) {
    SCOPED_TRACE(text_of(shape));
    const Schedule schedule = make_schedule(shape);
    const Schedule lowered = lower(schedule, {.sharding = false});
    EXPECT_FALSE(lowered.has_sharding);
    EXPECT_FALSE(find_defect(lowered));
    EXPECT_EQ(without(lowered.ranks, is_transfer), schedule.ranks);
  }
}

TEST(Lower, StagesAreUnshardedInGoodTimeAndReduceAtTheirEnd) {
  // One stage per rank stays gathered; gradients are reduced behind the last microbatch.
  const Schedule schedule = lower(make_schedule({ScheduleKind::k1F1B, 2, 1, 2}));
  EXPECT_EQ(schedule_csv(schedule),
            "0UNSHARD,0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1,0REDUCE_GRAD,0RESHARD\n"
            "1UNSHARD,1RECV_F0,1F0,1RECV_F1,1B0,1SEND_B0,1F1,1B1,1SEND_B1,1REDUCE_GRAD,1RESHARD\n");
}

TEST(Lower, NoMoreStagesThanAllowedAreGatheredAtOnce) {
  for (const int most : {1, 2, 3}) {
    const Schedule schedule =
        lower(make_schedule({ScheduleKind::kInterleaved1F1B, 2, 4, 4}), {.max_active_stages = most});
    EXPECT_FALSE(find_defect(schedule));
    for (const Actions& actions : schedule.ranks) {
      int active = 0;
      int peak = 0;
      for (const Action& action : actions) {
        active += action.kind == ActionKind::kUnshard ? 1 : action.kind == ActionKind::kReshard ? -1 : 0;
        peak = std::max(peak, active);
      }
      EXPECT_EQ(peak, most);
      EXPECT_EQ(active, 0);
    }
  }
}

TEST(Lower, NeighboursOnOneRankNeedNoTransfer) {
  // In a V the last rank has the two middle stages.
  const Schedule schedule = lower(make_schedule({ScheduleKind::kZbvZeroBubble, 2, 2, 3}));
  for (const Action& action : schedule.ranks[1]) {
    if (action.stage == 1) {
      EXPECT_NE(action.kind, ActionKind::kSendForward);
    }
    if (action.stage == 2) {
      EXPECT_NE(action.kind, ActionKind::kRecvForward);
    }
  }
}

TEST(Lower, RefusesABrokenSchedule) {
  EXPECT_THROW(lower(schedule_from({"0B0 0F0"})), config::ContractError);
  EXPECT_THROW(add_transfers(lower(make_schedule({ScheduleKind::kGPipe, 2, 1, 2}))), config::ContractError);
}

}  // namespace
}  // namespace titan::pipeline
