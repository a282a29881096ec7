#include <gtest/gtest.h>

#include "tests/sim/replay/table_costs.h"

namespace titan::replay {
namespace {

// Gathers of 4 s start at 2 and, if asked for, at 4 (after an operation of 3 s, of which one is at half speed); the
// operation alone would take 10 s from 0 on.
Trace overlapped(int num_gathers) {
  SmallRecorder r(0, 2);
  r.work(kCompute, "slowed");
  r.work(kGather, "delay");
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1});
  if (num_gathers == 2) {
    r.work(kScatter, "slowed delay");
    r.collect(kScatter, CollectiveKind::all_gather, "tp", {0, 1});
  }
  r.work(kCompute, "after");
  return r.take();
}

RoleTimes times_of(const Trace& trace, std::map<int, double> slowdown, bool interference = true) {
  const World world{{&trace}, {0, 0}};
  const TableCosts costs{.op_s = {{"slowed", 10}, {"delay", 2}, {"slowed delay", 3}}, .slowdown = std::move(slowdown)};
  return replay(world, costs, TableNetwork{.group_s = {{"fsdp", 4}, {"tp", 4}}},
                {.interference = interference, .keep_timeline = true})[0];
}

// 2 s alone; the gather's 4 s are worth 4 / 2; the other 6 alone: it ends at 2 + 4 + 6 = 12.
TEST(Interference, SlowsAnOperationOnlyWhileTheyOverlap) {
  const Trace trace = overlapped(1);
  EXPECT_EQ(work_times(trace, times_of(trace, {{1, 2.0}})), "0-12 0-2 2-6 12-13");
  EXPECT_EQ(work_times(trace, times_of(trace, {{1, 2.0}}, false)), "0-10 0-2 2-6 10-11");
}

// Alone 0-2: 2 done. One gather 2-4 at half speed: 3. Two 4-6 at a fourth: 3.5. One 6-8: 4.5. Then alone 5.5 s: 13.5.
TEST(Interference, DependsOnHowManyStreamsCommunicate) {
  const Trace trace = overlapped(2);
  const RoleTimes times = times_of(trace, {{1, 2.0}, {2, 4.0}});
  EXPECT_EQ(times.timeline[0].end_s, 13.5);
}

// The gather of 4 s runs from 0 on; an operation of 1 s takes 3 s, the next one 1/3 of its work until 4, then 2/3 s.
TEST(Interference, SlowsEveryOperationOfAChain) {
  SmallRecorder r(0, 2);
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1});
  for (int i = 0; i < 3; ++i) r.work(kCompute, "a");
  const Trace trace = r.take();
  const RoleTimes times = times_of(trace, {{1, 3.0}});
  EXPECT_EQ(times.timeline[1].end_s, 3.0);
  EXPECT_NEAR(times.timeline[2].end_s, 4.0 + 2.0 / 3.0, 2e-12);
  EXPECT_NEAR(times.timeline[3].end_s, 5.0 + 2.0 / 3.0, 2e-12);
}

// A transfer holds the device only while it moves data: the recv that waits for its peer until 5 slows nothing before.
TEST(Interference, WaitingForAPeerSlowsNothing) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    const uint32_t transfer = r.transfer_to({0, 1}, 1 - rank);
    if (rank == 0) {
      r.recv(kP2p, transfer, {});
      r.work(kCompute, "slowed");
    } else {
      r.work(kP2p, "delay");
      r.send(kP2p, transfer, {});
    }
    traces.push_back(r.take());
  }
  const TableCosts costs{.op_s = {{"slowed", 10}, {"delay", 5}}, .slowdown = {{1, 2.0}}};
  const auto times = replay_ranks(traces, costs, {.transfer_s = 2});
  EXPECT_EQ(work_times(traces[0], times[0]), "5-7 0-11");  // 5 alone, 2 at half speed, 4 alone
}

}  // namespace
}  // namespace titan::replay
