// Timelines derived by hand. In the diagrams a letter is a second of work, '.' one of idleness.
#include <gtest/gtest.h>

#include "runtime/config/check.h"
#include "tests/sim/replay/table_costs.h"

namespace titan::replay {
namespace {

std::string times_of(const SmallRecorder& r, const TableCosts& costs, const TableNetwork& network = {}) {
  return work_times(r.trace(), replay_ranks({r.trace()}, costs, network)[0]);
}

// Issued at 1 and 2; b waits for the stream:  .aaab
TEST(Timeline, AStreamRunsInOrderBehindTheHost) {
  SmallRecorder r(0, 1);
  r.work(kCompute, "a");
  r.work(kCompute, "b");
  EXPECT_EQ(times_of(r, {.op_s = {{"a", 3}}, .op_issue_s = 1}), "1-4 4-5");
}

// Each operation is issued 2 s after the one before and runs for 1 s:  ..a.b.c
TEST(Timeline, ALaunchBoundChainRunsAtTheHostsPace) {
  SmallRecorder r(0, 1);
  for (const char* name : {"a", "b", "c"}) r.work(kCompute, name);
  const RoleTimes times = replay_ranks({r.trace()}, {.op_issue_s = 2})[0];
  EXPECT_EQ(work_times(r.trace(), times), "2-3 4-5 6-7");
  EXPECT_EQ(times.end_s, 7.0);
}

// Without waits streams run beside each other; c waits for a's event, d for b's:
//   compute     aaa ddd
//   all_gather  bbbbb c     c could start at 5, after b; a's event came at 3
// d waits for b: 5.
TEST(Timeline, EventsOrderStreams) {
  SmallRecorder r(0, 1);
  r.work(kCompute, "a");
  r.work(kGather, "b");
  const uint32_t a = r.record_event(kCompute), b = r.record_event(kGather);
  r.wait_event(kGather, a);
  r.work(kGather, "c");
  r.wait_event(kCompute, b);
  r.work(kCompute, "d");
  EXPECT_EQ(times_of(r, {.op_s = {{"a", 3}, {"b", 5}, {"d", 3}}}), "0-3 0-5 5-6 5-8");
}

// An event is recorded behind what its stream holds then, not behind what comes later.
TEST(Timeline, AnEventDoesNotWaitForLaterWork) {
  SmallRecorder r(0, 1);
  r.work(kCompute, "a");
  const uint32_t after_a = r.record_event(kCompute);
  r.work(kCompute, "b");
  r.wait_event(kGather, after_a);
  r.work(kGather, "c");
  EXPECT_EQ(times_of(r, {.op_s = {{"a", 2}, {"b", 7}}}), "0-2 2-9 2-3");
}

// The host issues a at 1, waits until 4, issues b at 5 and waits for c's event (6), not for b (8):
//   compute     .aaa.bbb
//   all_gather  .....c        issued at 6 (after b), runs to 7
TEST(Timeline, TheHostWaitsForStreamsAndEvents) {
  SmallRecorder r(0, 1);
  r.work(kCompute, "a");
  r.host_sync(kCompute);
  r.work(kCompute, "b");
  r.work(kGather, "c");
  r.host_wait(r.record_event(kGather));
  r.work(kCompute, "d");
  EXPECT_EQ(times_of(r, {.op_s = {{"a", 3}, {"b", 3}}, .op_issue_s = 1}), "1-4 1-4 5-8 6-7 6-7 8-9");
}

TEST(Timeline, EventsAndCommunicationCostTheHostTimeToo) {
  SmallRecorder r(0, 1);
  r.wait_event(kGather, r.record_event(kCompute));
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0});
  r.work(kCompute, "a");
  const RoleTimes times = replay_ranks({r.trace()}, {.op_issue_s = 1, .communication_issue = 10, .event = 100}, {})[0];
  EXPECT_EQ(times.timeline[2].issue_s, 210.0);
  EXPECT_EQ(work_times(r.trace(), times), "210-211 211-212");
}

// Rank 0 comes at 2, rank 1 at 5; 3 s later both go on.
TEST(Timeline, ACollectiveWaitsForTheLastOfItsMembers) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    r.work(kCompute, rank == 0 ? "short" : "long");
    r.collect(kCompute, CollectiveKind::all_reduce, "dp", {0, 1});
    r.work(kCompute, "after");
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {.op_s = {{"short", 2}, {"long", 5}}}, {.group_s = {{"dp", 3}}});
  EXPECT_EQ(work_times(traces[0], times[0]), "0-2 5-8 8-9");
  EXPECT_EQ(work_times(traces[1], times[1]), "0-5 5-8 8-9");
}

// Ranks 0 to 3 are role 0, 4 to 7 role 1. A group of role 0 alone waits for nobody else; "all" waits for both.
TEST(Timeline, ARepresentativeStandsForItsRole) {
  std::vector<Trace> traces;
  for (const int rank : {0, 4}) {
    SmallRecorder r(rank, 8);
    r.collect(kCompute, CollectiveKind::all_reduce, "within", {rank, rank + 1, rank + 2, rank + 3});
    if (rank == 4) r.work(kCompute, "long");
    r.collect(kCompute, CollectiveKind::all_reduce, "all", {0, 1, 2, 3, 4, 5, 6, 7});
    traces.push_back(r.take());
  }
  const World world{{&traces[0], &traces[1]}, {0, 0, 0, 0, 1, 1, 1, 1}};
  const auto times = replay(world, TableCosts{.op_s = {{"long", 5}}}, TableNetwork(), {.keep_timeline = true});
  EXPECT_EQ(work_times(traces[0], times[0]), "0-1 6-7");
  EXPECT_EQ(work_times(traces[1], times[1]), "0-1 1-6 6-7");
}

// Two ranks of one role each have "dp" with other partners: {0, 2} and {1, 3}; role 1 is ranks 2 and 3.
TEST(Timeline, GroupsMatchByNameAndRolesNotByRanks) {
  std::vector<Trace> traces;
  for (const int rank : {0, 3}) {
    SmallRecorder r(rank, 4);
    if (rank == 3) r.work(kCompute, "late");
    r.collect(kCompute, CollectiveKind::all_reduce, "dp", rank == 0 ? std::vector{0, 2} : std::vector{1, 3});
    traces.push_back(r.take());
  }
  const World world{{&traces[0], &traces[1]}, {0, 0, 1, 1}};
  const auto times = replay(world, TableCosts(), TableNetwork(), {.keep_timeline = true});
  EXPECT_EQ(work_times(traces[0], times[0]), "1-2");
}

// The two collectives are of one communicator on two streams: the second one waits for the first, which waits for a.
//   compute     aaaFF
//   all_gather  .....FF      of another communicator it would start at 0
TEST(Timeline, ACommunicatorIsFirstInFirstOut) {
  for (const bool same : {true, false}) {
    SmallRecorder r(0, 2);
    r.work(kCompute, "a");
    r.collect(kCompute, CollectiveKind::all_reduce, "fsdp", {0, 1});
    r.collect(kGather, CollectiveKind::all_gather, same ? "fsdp" : "tp", {0, 1});
    const World world{{&r.trace()}, {0, 0}};
    const auto times = replay(world, TableCosts{.op_s = {{"a", 3}}}, TableNetwork{.group_s = {{"fsdp", 2}, {"tp", 2}}},
                              {.keep_timeline = true});
    EXPECT_EQ(work_times(r.trace(), times[0]), same ? "0-3 3-5 5-7" : "0-3 3-5 0-2");
  }
}

// Both ranks issue the two collectives in different order, on streams of their own: nobody is stuck.
TEST(Timeline, StreamsWaitForPeersIndependently) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    for (int i = 0; i < 2; ++i) {
      if (i == rank)
        r.collect(kGather, CollectiveKind::all_gather, "a", {0, 1});
      else
        r.collect(kScatter, CollectiveKind::all_gather, "b", {0, 1});
    }
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {.communication_issue = 1});
  EXPECT_EQ(work_times(traces[0], times[0]), "2-3 2-3");
  EXPECT_EQ(work_times(traces[1], times[1]), "2-3 2-3");
}

// Two microbatches through two stages, forward only; a forward takes 2 s on stage 0 and 3 s on stage 1, a transfer 1 s:
//   stage 0  00 11            sends after each: 2-3, and 4-5 (stage 1 is ready to receive from 3 on)
//   stage 1  ...000111        receives 2-3 and, posted behind it on the same stream, 4-5
TEST(Timeline, APipelineFillsFromTheFirstStage) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    const uint32_t transfer = r.transfer_to({0, 1}, 1 - rank);
    for (int microbatch = 0; microbatch < 2; ++microbatch) {
      if (rank == 0) {
        r.work(kCompute, "stage 0");
        r.wait_event(kP2p, r.record_event(kCompute));
        r.send(kP2p, transfer, {});
      } else {
        r.recv(kP2p, transfer, {});
        r.wait_event(kCompute, r.record_event(kP2p));
        r.work(kCompute, "stage 1");
      }
    }
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {.op_s = {{"stage 0", 2}, {"stage 1", 3}}});
  EXPECT_EQ(work_times(traces[0], times[0]), "0-2 2-3 2-4 4-5");
  EXPECT_EQ(work_times(traces[1], times[1]), "2-3 3-6 4-5 6-9");
}

// Each rank sends to the other and receives from it: one after the other that never ends, in a batch it takes 1 s.
// Rank 1 comes at 4. The batch's end is that of its last transfer.
TEST(Timeline, TransfersOfABatchRunBesideEachOther) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    if (rank == 1) r.work(kP2p, "late");
    const uint32_t transfer = r.transfer_to({0, 1}, 1 - rank);
    r.begin_batch(kP2p);
    r.send(kP2p, transfer, {});
    r.recv(kP2p, transfer, {});
    r.end_batch(kP2p);
    r.work(kP2p, "after");
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {.op_s = {{"late", 4}}});
  EXPECT_EQ(work_times(traces[0], times[0]), "4-5 4-5 5-6");
  EXPECT_EQ(times[0].timeline[3].start_s, 4.0);
  EXPECT_EQ(times[0].timeline[3].end_s, 5.0);
}

// While a batch is open the host may issue other communication; it is not the batch's.
TEST(Timeline, OtherCommunicationWithinAnOpenBatchIsItsOwn) {
  SmallRecorder r(0, 2);
  const uint32_t transfer = r.transfer_to({0, 1}, 1);
  r.begin_batch(kP2p);
  r.send(kP2p, transfer, {});
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1});
  r.recv(kP2p, transfer, {});
  r.end_batch(kP2p);
  const World world{{&r.trace()}, {0, 0}};
  const auto times = replay(world, TableCosts{.communication_issue = 1}, TableNetwork(), {.keep_timeline = true});
  EXPECT_EQ(work_times(r.trace(), times[0]), "3-4 2-3 3-4");
}

TEST(Timeline, AnEmptyBatchTakesNoTime) {
  SmallRecorder r(0, 1);
  r.begin_scope("step");
  r.work(kP2p, "a");
  r.begin_batch(kP2p);
  r.end_batch(kP2p);
  r.work(kP2p, "b");
  r.end_scope();
  const RoleTimes times = replay_ranks({r.trace()}, {})[0];
  EXPECT_EQ(work_times(r.trace(), times), "0-1 1-2");
  EXPECT_EQ(times.steps[0].end_s, 2.0);
}

TEST(Timeline, AnEmptyTraceTakesNoTime) {
  const RoleTimes times = replay_ranks({SmallRecorder(0, 1).take()}, {})[0];
  EXPECT_EQ(times.end_s, 0.0);
  EXPECT_TRUE(times.steps.empty());
}

template <class Run>
std::string message(const Run& run) {
  try {
    run();
  } catch (const config::ContractError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Timeline, PricesThatCannotBeAreNamed) {
  SmallRecorder r(0, 1);
  r.work(kCompute, "a");
  r.collect(kCompute, CollectiveKind::all_gather, "fsdp", {0}, 8);
  for (const double price : {-1.0, 1e7, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_NE(message([&] {
                replay_ranks({r.trace()}, {.op_s = {{"a", price}}});
              }).find("s: a bfloat16 ->: "),
              std::string::npos);
    EXPECT_NE(message([&] {
                replay_ranks({r.trace()}, {}, {.group_s = {{"fsdp", price}}});
              }).find("fsdp(1)"),
              std::string::npos);
  }
  EXPECT_NE(message([&] {
              replay_ranks({r.trace()}, {.slowdown = {{1, 0.5}}});
            }).find("interference"),
            std::string::npos);
}

TEST(Timeline, RolesAndRanksMustAgree) {
  const Trace trace = SmallRecorder(1, 2).take();
  const auto refused = [&](const World& world) {
    return message([&] { replay(world, TableCosts(), TableNetwork()); });
  };
  EXPECT_EQ(refused({}), "replay: a world must have at least one role");
  EXPECT_EQ(refused({{&trace}, {0, 1}}), "replay: a rank's role must be one of 1: rank=1 role=1");
  EXPECT_EQ(refused({{&trace}, {0}}), "replay: a trace must be of as many ranks as the world: trace=2 world=1");
  EXPECT_EQ(refused({{&trace, &trace}, {1, 0}}),
            "replay: a trace must be of a rank of its role: rank=1 role=1 role_of_rank=0");
}

TEST(Timeline, MembersMustIssueTheSameCollectives) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    r.collect(kCompute, rank == 0 ? CollectiveKind::all_gather : CollectiveKind::all_reduce, "dp", {0, 1});
    traces.push_back(r.take());
  }
  EXPECT_EQ(message([&] { replay_ranks(traces, {}); }),
            "replay: members must issue the same collectives in the same order: group=dp number=0 role 0=all_gather "
            "role 1=all_reduce");
}

}  // namespace
}  // namespace titan::replay
