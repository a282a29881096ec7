#include "runtime/parallel/pipeline/validate.h"

#include <gtest/gtest.h>

#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

std::string defect_of(const std::vector<std::string>& ranks, Transfers transfers = Transfers::kBlocking) {
  const auto defect = find_defect(schedule_from(ranks), transfers);
  return defect ? to_string(*defect) : "valid";
}

TEST(Validate, NamesRankPositionActionAndWhatIsMissing) {
  EXPECT_EQ(defect_of({"0F0 0F1 0B0 0B1", "1F0 1B0 1B1 1F1"}), "rank 1, position 2, 1B1: needs 1F1 before it");
  EXPECT_EQ(defect_of({"0F0 0W0 0I0"}), "rank 0, position 1, 0W0: needs 0I0 before it");
  EXPECT_EQ(defect_of({"0F0 0F1 0B0 0I1"}), "rank 0, position 4, end: 0W1 is missing");
  EXPECT_EQ(defect_of({"0F0 0B0 0F1"}), "rank 0, position 3, end: 0B1 or 0I1 is missing");
  EXPECT_EQ(defect_of({"0F1 0B1"}), "rank 0, position 2, end: 0F0 is missing");
}

TEST(Validate, ActionsAreThereOnce) {
  EXPECT_EQ(defect_of({"0F0 0F0 0B0"}), "rank 0, position 1, 0F0: is there already, at position 0");
  EXPECT_EQ(defect_of({"0F0 0B0 0I0"}), "rank 0, position 2, 0I0: repeats 0B0");
  EXPECT_EQ(defect_of({"0F0 0I0 0W0 0B0"}), "rank 0, position 3, 0B0: repeats 0I0");
}

TEST(Validate, ActionsAreOnTheRankOfTheirStage) {
  Schedule schedule = schedule_from({"0F0 0B0", "1F0 1B0"});
  schedule.rank_of_stage = {0, 0};
  EXPECT_EQ(to_string(*find_defect(schedule)), "rank 1, position 0, 1F0: stage 1 belongs to rank 0");
  schedule.rank_of_stage = {0};
  EXPECT_EQ(to_string(*find_defect(schedule)), "rank 1, position 0, 1F0: stage 1 does not exist: num_stages=1");
  schedule.rank_of_stage = {0, 1};
  schedule.ranks[0].push_back({0, ActionKind::kForward, 1});
  EXPECT_EQ(to_string(*find_defect(schedule)),
            "rank 0, position 2, 0F1: microbatch 1 does not exist: num_microbatches=1");
  schedule.ranks[0].back() = {0, ActionKind::kReshard};
  EXPECT_EQ(to_string(*find_defect(schedule)),
            "rank 0, position 2, 0RESHARD: has no place in a schedule without sharding");
  schedule.ranks[0].back() = {0, ActionKind::kSendForward, 0};
  EXPECT_EQ(to_string(*find_defect(schedule)),
            "rank 0, position 2, 0SEND_F0: has no place in a schedule without transfers");
}

TEST(Validate, StagesOfOneRankFollowEachOther) {
  EXPECT_EQ(defect_of({"1F0 0F0 1B0 0B0"}), "rank 0, position 0, 1F0: needs 0F0 before it");
  EXPECT_EQ(defect_of({"0F0 1F0 0B0 1B0"}), "rank 0, position 2, 0B0: needs 1B0 or 1I0 before it");
  EXPECT_EQ(defect_of({"0F0 1F0 1I0 0B0 1W0"}), "valid");
}

TEST(Validate, PartsOfAnOverlapCannotNeedEachOther) {
  EXPECT_EQ(defect_of({"0F0 1F0 (0F1;1B0)OVERLAP_F_B (1F1;0B0)OVERLAP_F_B 1B1 0B1"}), "valid");
  EXPECT_EQ(defect_of({"0F0 (1F0;0B0)OVERLAP_F_B 1B0"}),
            "rank 0, position 1, (1F0;0B0)OVERLAP_F_B: needs 1B0 or 1I0 before it");
}

TEST(Validate, FindsRanksThatWaitForEachOther) {
  // Rank 0 wants microbatch 0's gradient first, rank 1 works on microbatch 1 first, which rank 0 has not sent yet.
  EXPECT_EQ(defect_of({"0F0 0B0 0F1 0B1", "1F1 1B1 1F0 1B0"}),
            "rank 0, position 1, 0B0: waits for ever for 1B0 at position 3 of rank 1, which waits at position 0, 1F1");
}

TEST(Validate, TransfersComeBeforeUseAndAfterTheyAreMade) {
  const std::string first = "0F0 0SEND_F0 0RECV_B0 0B0";
  EXPECT_EQ(defect_of({first, "1RECV_F0 1F0 1B0 1SEND_B0"}), "valid");
  EXPECT_EQ(defect_of({first, "1F0 1RECV_F0 1B0 1SEND_B0"}), "rank 1, position 0, 1F0: needs 1RECV_F0 before it");
  EXPECT_EQ(defect_of({first, "1RECV_F0 1F0 1SEND_B0 1B0"}),
            "rank 1, position 2, 1SEND_B0: needs 1B0 or 1I0 before it");
  EXPECT_EQ(defect_of({first, "1RECV_F0 1F0 1B0"}), "rank 1, position 3, end: 1SEND_B0 is missing");
  EXPECT_EQ(defect_of({"0F0 0RECV_B0 0B0", "1RECV_F0 1F0 1B0 1SEND_B0"}),
            "rank 0, position 3, end: 0SEND_F0 is missing");
  EXPECT_EQ(defect_of({first, "1RECV_F0 1F0 1B0 1SEND_B0 1SEND_F0"}),
            "rank 1, position 4, 1SEND_F0: is between stages of one rank, or outside the pipeline");
}

TEST(Validate, BothEndsTransferInTheSameOrder) {
  EXPECT_EQ(defect_of({"0F0 0F1 0SEND_F0 0SEND_F1 0RECV_B0 0RECV_B1 0B0 0B1",
                       "1RECV_F1 1RECV_F0 1F0 1F1 1B0 1SEND_B0 1B1 1SEND_B1"}),
            "rank 1, position 0, 1RECV_F1: takes 0SEND_F1, but rank 0 sends 0SEND_F0 first");
}

TEST(Validate, TransfersThatCrossHoldOnlyWhenPostedTogether) {
  // Both ranks send before they receive: each send waits for the other's receive, which stands behind a send.
  const std::vector<std::string> crossing = {"0F0 0SEND_F0 0F1 0SEND_F1 0RECV_B0 0B0 0RECV_B1 0B1",
                                             "1RECV_F0 1F0 1B0 1SEND_B0 1RECV_F1 1F1 1B1 1SEND_B1"};
  EXPECT_EQ(
      defect_of(crossing, Transfers::kBlocking),
      "rank 0, position 3, 0SEND_F1: waits for ever for 1RECV_F1 at position 4 of rank 1, which waits at position "
      "3, 1SEND_B0");
  EXPECT_EQ(defect_of(crossing, Transfers::kBatched), "valid");
  EXPECT_EQ(defect_of(crossing, Transfers::kBuffered), "valid");
}

TEST(Validate, ComputationsBetweenCrossingTransfersHoldUpABatch) {
  // Rank 0 takes gradient 0 behind a computation, rank 1 takes activation 1 behind one: neither batch has both.
  const std::vector<std::string> split = {
      "0F0 0SEND_F0 0F1 0SEND_F1 0F2 0RECV_B0 0B0 0SEND_F2 0RECV_B1 0B1 0RECV_B2 0B2",
      "1RECV_F0 1F0 1I0 1SEND_B0 1W0 1RECV_F1 1F1 1I1 1SEND_B1 1W1 1RECV_F2 1F2 1B2 1SEND_B2"};
  EXPECT_EQ(
      defect_of(split, Transfers::kBatched),
      "rank 0, position 3, 0SEND_F1: waits for ever for 1RECV_F1 at position 5 of rank 1, which waits at position "
      "3, 1SEND_B0");
  EXPECT_EQ(defect_of(split, Transfers::kBuffered), "valid");
}

TEST(Validate, StagesComputeUnshardedAndReduceLast) {
  EXPECT_EQ(defect_of({"0UNSHARD 0F0 0B0 0REDUCE_GRAD 0RESHARD"}), "valid");
  EXPECT_EQ(defect_of({"0F0 0UNSHARD 0B0 0REDUCE_GRAD 0RESHARD"}), "rank 0, position 0, 0F0: needs 0UNSHARD before it");
  EXPECT_EQ(defect_of({"0UNSHARD 0UNSHARD 0F0 0B0 0REDUCE_GRAD 0RESHARD"}),
            "rank 0, position 1, 0UNSHARD: is unsharded already");
  EXPECT_EQ(defect_of({"0UNSHARD 0F0 0B0 0REDUCE_GRAD"}), "rank 0, position 4, end: 0RESHARD is missing");
  EXPECT_EQ(defect_of({"0UNSHARD 0F0 0B0 0RESHARD"}), "rank 0, position 4, end: 0REDUCE_GRAD is missing");
  EXPECT_EQ(defect_of({"0UNSHARD 0F0 0REDUCE_GRAD 0B0 0RESHARD"}),
            "rank 0, position 2, 0REDUCE_GRAD: needs 0B0 or 0W0 before it");
}

}  // namespace
}  // namespace titan::pipeline
