#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/gloo/job.h"

// Scenarios of scenarios.cpp: three ranks all_reduce four floats a step on 'dp'; in the fourth step (#3) something
// happens to the victim. No supervisor helps: the ranks find out by themselves.
namespace titan::comm {
namespace {

using testing::HasSubstr;

const std::string kOperation = "all_reduce(sum, float32[4]) #3 on 'dp' (ranks 0, 1, 2): ";

/// All ranks but the victim fail with `cause`, after the operation's name.
void expect_cause(const std::vector<RankResult>& ranks, int victim, const std::string& cause) {
  for (int rank = 0; rank < static_cast<int>(ranks.size()); ++rank) {
    if (rank == victim) continue;
    const RankResult& result = ranks[static_cast<size_t>(rank)];
    EXPECT_EQ(result.status, 3) << "rank " << rank;
    EXPECT_THAT(result.output, HasSubstr(kOperation + cause)) << "rank " << rank;
  }
}

/// The seconds that a rank reports from its start to its failure.
double seconds_to_failure(const RankResult& result) { return std::atof(result.output.c_str() + 1); }

TEST(GlooFailure, NamesAKilledRankAtOnce) {
  const auto ranks = run_job("killed", {.timeout_ms = 60000});
  expect_cause(ranks, 2, "rank 2 is missing: it does not answer");
  EXPECT_EQ(ranks[2].status, 128 + SIGKILL);
  EXPECT_LT(seconds_to_failure(ranks[0]), 10) << "long before the time limit of 60 s";
}

TEST(GlooFailure, NamesAKilledRankThatServedTheStore) {
  const auto ranks = run_job("killed", {.victim = 0, .store = Store::rank_0, .timeout_ms = 60000});
  expect_cause(ranks, 0, "rank 0 is missing: ");
  EXPECT_LT(seconds_to_failure(ranks[1]), 10);
}

TEST(GlooFailure, NamesAStoppedRankWithinTheTimeout) {
  const auto ranks = run_job("stopped", {.hangs = true, .timeout_ms = 3000});
  expect_cause(ranks, 2, "rank 2 is missing: it does not answer");
  // The steps before cost milliseconds: from start to failure is connecting (about 1 s here) and the timeout.
  for (int rank : {0, 1}) EXPECT_LT(seconds_to_failure(ranks[static_cast<size_t>(rank)]), 3 + 2) << "rank " << rank;
}

TEST(GlooFailure, NamesAStoppedRankThatServesTheStore) {
  const auto ranks = run_job("stopped", {.victim = 0, .hangs = true, .store = Store::rank_0});
  expect_cause(ranks, 0, "rank 0 is missing: the rendezvous store that it serves does not answer");
}

TEST(GlooFailure, NamesARankThatLivesButDoesNotCome) {
  const auto ranks = run_job("sleeping", {.hangs = true});
  expect_cause(ranks, 2,
               "rank 2 is missing: it is in no operation; its last was all_reduce(sum, float32[4]) #2 on 'dp', ");
}

TEST(GlooFailure, NamesARankThatHasEnded) {
  const auto ranks = run_job("leaves", {});
  for (int rank : {0, 1})
    EXPECT_THAT(ranks[static_cast<size_t>(rank)].output,
                HasSubstr("all_reduce(sum, float32[4]) #0 on 'dp' (ranks 0, 1, 2): rank 2 is missing: it has ended"));
  EXPECT_EQ(ranks[2].status, 0);
}

TEST(GlooFailure, GivesAllRanksTheReasonOfTheOneThatThrew) {
  const auto ranks = run_job("throws", {.store = Store::rank_0, .timeout_ms = 60000});
  expect_cause(ranks, 2, "rank 2 failed: the loss is not finite");
  EXPECT_THAT(ranks[2].output, HasSubstr("the loss is not finite"));
  EXPECT_LT(seconds_to_failure(ranks[0]), 10);
}

TEST(GlooFailure, EndsOperationsHereAndAtThePeersOnAbort) {
  const auto ranks = run_job("aborts", {.victim = 1, .store = Store::rank_0, .timeout_ms = 60000});
  expect_cause(ranks, 1, "rank 1 failed: out of patience");
  EXPECT_THAT(ranks[1].output, HasSubstr(kOperation + "rank 1 failed: out of patience"));
}

TEST(GlooFailure, NamesBothCallsOfAMismatch) {
  const auto ranks = run_job("mismatched", {});
  for (const RankResult& result : ranks) {
    EXPECT_EQ(result.status, 3);
    EXPECT_THAT(result.output, HasSubstr("operations that do not fit together"));
    EXPECT_THAT(result.output, HasSubstr("rank 0 is in all_reduce(sum, float32[4]) #3 on 'dp' for "));
    EXPECT_THAT(result.output, HasSubstr("rank 2 is in broadcast(root 0, float32[4]) #3 on 'dp' for "));
  }
}

TEST(GlooFailure, FollowsAChainOfWaitingRanksToItsEnd) {
  const auto ranks = run_job("chain", {.hangs = true});
  EXPECT_THAT(ranks[0].output, HasSubstr("barrier() #0 on 'left' (ranks 0, 1): rank 2 is missing: it does not answer"));
  EXPECT_THAT(ranks[1].output,
              HasSubstr("barrier() #0 on 'right' (ranks 1, 2): rank 2 is missing: it does not answer"));
}

TEST(GlooFailure, NamesTheRanksThatDoNotComeToTheRendezvous) {
  const auto ranks = run_job("killed", {.num_started = 1, .init_timeout_ms = 1000});
  EXPECT_THAT(ranks[0].output, HasSubstr("rendezvous: ranks 1, 2 of 3 are missing: they have not come within 1 s"));
}

}  // namespace
}  // namespace titan::comm
