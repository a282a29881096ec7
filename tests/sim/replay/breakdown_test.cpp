#include <gtest/gtest.h>

#include <numeric>

#include "tests/sim/replay/table_costs.h"

namespace titan::replay {
namespace {

using trace::OpClass;

double sum(const Breakdown& b) {
  return std::accumulate(b.by_class_s.begin(), b.by_class_s.end(), b.exposed_communication_s + b.idle_s);
}

void add_op(SmallRecorder& r, uint8_t stream, std::string name, OpClass op_class) {
  r.op(stream, r.intern(trace::OpDescriptor{.name = std::move(name), .op_class = op_class}), {});
}

using Groups = std::vector<std::pair<std::string, double>>;

// Issued at 1 s each (communication 2):
//   compute     . mm .  . ttttt    mm issued at 1; the gather at 1 + 1 + 2 = 4 after a copy issued at 2; t at 5, waits
//   all_gather  .  c GGGG
// copy 2-3 overlaps mm (1-3): compute stream first. Gather 4-8 is exposed but where t ... waits for it.
// 0-1 host, 1-3 matmul, 3-4 host, 4-8 exposed, 8-13 attention.
TEST(Breakdown, SortsEveryMoment) {
  SmallRecorder r(0, 2);
  r.begin_scope("step");
  add_op(r, kCompute, "mm", OpClass::matmul);
  add_op(r, kGather, "copy", OpClass::memory);
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1});
  r.wait_event(kCompute, r.record_event(kGather));
  add_op(r, kCompute, "t", OpClass::attention);
  r.end_scope();
  const World world{{&r.trace()}, {0, 0}};
  const auto times = replay(world, TableCosts{.op_s = {{"mm", 2}, {"t", 5}}, .op_issue_s = 1, .communication_issue = 2},
                            TableNetwork{.group_s = {{"fsdp", 4}}});
  ASSERT_EQ(times[0].steps.size(), 1u);
  const StepTime& step = times[0].steps[0];
  EXPECT_EQ(step.name, "step");
  EXPECT_EQ(step.begin_s, 0.0);
  EXPECT_EQ(step.end_s, 13.0);
  const Breakdown& b = step.breakdown;
  EXPECT_EQ(b.by_class_s, (std::array<double, 4>{2, 5, 0, 0}));
  EXPECT_EQ(b.communication_s, 4.0);
  EXPECT_EQ(b.exposed_communication_s, 4.0);
  EXPECT_EQ(b.exposed_by_group, (Groups{{"fsdp", 4.0}}));
  EXPECT_EQ(b.idle_s, 2.0);
  EXPECT_EQ(b.host_bound_s, 2.0);
  EXPECT_EQ(b.waiting_s, 0.0);
  EXPECT_EQ(b.host_s, 5.0);  // 3 operations, a gather
  EXPECT_EQ(times[0].by_evidence_s, (std::array<double, 4>{4, 0, 8, 0}));
}

// Host: issues at 1 s each, its own work of 5 s at once. mm 1-3; the copy issued at 2 runs 2-6 on its stream; the host
// waits for it till 6, works 7-12 and issues t at 13, which runs till 18.
// 0-1 host-bound, 1-3 matmul, 3-6 exposed copy, 6-7 host-bound (issuing), 7-12 host work, 12-13 host-bound, 13-18 t.
TEST(Breakdown, TellsCopiesAndTheHostsOwnWorkApart) {
  SmallRecorder r(0, 1);
  r.begin_scope("step");
  add_op(r, kCompute, "mm", OpClass::matmul);
  add_op(r, kGather, "copy", OpClass::copy);
  r.host_wait(r.record_event(kGather));
  add_op(r, trace::kHostStream, "adam", OpClass::host);
  add_op(r, kCompute, "t", OpClass::attention);
  r.end_scope();
  const World world{{&r.trace()}, {0}};
  const auto times =
      replay(world, TableCosts{.op_s = {{"mm", 2}, {"copy", 4}, {"adam", 5}, {"t", 5}}, .op_issue_s = 1}, {});
  const Breakdown& b = times[0].steps.at(0).breakdown;
  EXPECT_EQ(times[0].steps[0].end_s, 18.0);
  EXPECT_EQ(b.by_class_s, (std::array<double, 4>{2, 5, 0, 0}));
  EXPECT_EQ(b.communication_s, 4.0);
  EXPECT_EQ(b.exposed_by_group, (Groups{{kHostLink, 3.0}}));
  EXPECT_EQ(b.host_bound_s, 3.0);
  EXPECT_EQ(b.host_work_s, 5.0);
  EXPECT_EQ(b.idle_s, 8.0);
  EXPECT_EQ(sum(b), 18.0);
  EXPECT_EQ(b.host_s, 9.0);  // 4 operations issued, 5 s of work
}

// A step ends with the host's work where that is last: mm 1-3, adam 2-7 (the host does not wait for mm).
TEST(Breakdown, AStepEndsWithTheHostsWork) {
  SmallRecorder r(0, 1);
  for (int step = 0; step < 2; ++step) {
    r.begin_scope("step");
    add_op(r, kCompute, "mm", OpClass::matmul);
    add_op(r, trace::kHostStream, "adam", OpClass::host);
    r.end_scope();
  }
  const World world{{&r.trace()}, {0}};
  const auto times = replay(world, TableCosts{.op_s = {{"mm", 2}, {"adam", 5}}, .op_issue_s = 1}, {});
  EXPECT_EQ(times[0].steps.at(0).end_s, 7.0);
  EXPECT_EQ(times[0].steps.at(1).end_s, 14.0);
  EXPECT_EQ(times[0].steps.at(1).breakdown.host_work_s, 4.0);  // 10-14: mm covers 8-10
}

// The gather of 4 s runs under 3 s of matmul: 1 s is exposed. Two at once: the first stream's group bears it.
TEST(Breakdown, HiddenCommunicationIsNotExposed) {
  SmallRecorder r(0, 2);
  r.begin_scope("step");
  add_op(r, kCompute, "mm", OpClass::matmul);
  r.collect(kGather, CollectiveKind::all_gather, "fsdp", {0, 1});
  r.collect(kScatter, CollectiveKind::reduce_scatter, "tp", {0, 1});
  r.end_scope();
  const World world{{&r.trace()}, {0, 0}};
  const auto times = replay(world, TableCosts{.op_s = {{"mm", 3}}}, TableNetwork{.group_s = {{"fsdp", 4}, {"tp", 6}}});
  const Breakdown& b = times[0].steps[0].breakdown;
  EXPECT_EQ(b.communication_s, 6.0);
  EXPECT_EQ(b.exposed_communication_s, 3.0);
  EXPECT_EQ(b.exposed_by_group, (Groups{{"fsdp", 1.0}, {"tp", 2.0}}));
}

// Rank 0 issues its part at 1 and waits for rank 1 until 6: 1 s of its idleness is the host's, 5 s the peer's.
TEST(Breakdown, TellsTheHostsDelayFromThePeers) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    r.begin_scope("step");
    if (rank == 1) add_op(r, kCompute, "long", OpClass::matmul);
    r.collect(kCompute, CollectiveKind::all_reduce, "dp", {0, 1});
    r.end_scope();
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {.op_s = {{"long", 6}}, .communication_issue = 1});
  const Breakdown& b = times[0].steps[0].breakdown;
  EXPECT_EQ(b.idle_s, 6.0);
  EXPECT_EQ(b.host_bound_s, 1.0);
  EXPECT_EQ(b.waiting_s, 5.0);
  EXPECT_EQ(b.exposed_communication_s, 1.0);
  EXPECT_EQ(times[1].steps[0].breakdown.waiting_s, 0.0);
}

// The host opens the first step after "before" is issued (1) and runs ahead of the device: steps last as long as their
// device work. Work before the first step takes until 6; the part of it after 1 counts to the first step.
//   before 1-6, a 6-11 (first step), b 11-16 (second)
TEST(Breakdown, AStepEndsWithItsDeviceWorkAndBeginsWhereTheOneBeforeEnds) {
  SmallRecorder r(0, 1);
  add_op(r, kCompute, "before", OpClass::memory);
  for (const char* name : {"step 1", "step 2"}) {
    r.begin_scope(name);
    r.begin_scope("forward");
    add_op(r, kCompute, name, OpClass::matmul);
    r.end_scope();
    r.end_scope();
  }
  const TableCosts costs{.op_s = {{"before", 5}, {"step 1", 5}, {"step 2", 5}}, .op_issue_s = 1};
  const auto steps = replay_ranks({r.trace()}, costs)[0].steps;
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].begin_s, 1.0);
  EXPECT_EQ(steps[0].end_s, 11.0);
  EXPECT_EQ(steps[0].breakdown.by_class_s, (std::array<double, 4>{5, 0, 5, 0}));
  EXPECT_EQ(steps[1].name, "step 2");
  EXPECT_EQ(steps[1].begin_s, 11.0);
  EXPECT_EQ(steps[1].end_s, 16.0);
  EXPECT_EQ(steps[1].breakdown.by_class_s, (std::array<double, 4>{5, 0, 0, 0}));
  EXPECT_EQ(steps[1].breakdown.host_s, 1.0);
}

// The second step's only work, on a stream of its own, is done before the first step's; the third has none.
TEST(Breakdown, StepsEndInOrder) {
  SmallRecorder r(0, 1);
  r.begin_scope("first");
  add_op(r, kCompute, "long", OpClass::matmul);
  r.end_scope();
  r.begin_scope("second");
  add_op(r, kGather, "short", OpClass::memory);
  r.end_scope();
  r.begin_scope("third");
  r.end_scope();
  const auto steps = replay_ranks({r.trace()}, {.op_s = {{"long", 5}}})[0].steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].end_s, 5.0);
  EXPECT_EQ(sum(steps[0].breakdown), 5.0);
  for (const size_t i : {1, 2}) {
    EXPECT_EQ(steps[i].begin_s, 5.0);
    EXPECT_EQ(steps[i].end_s, 5.0);
    EXPECT_EQ(sum(steps[i].breakdown), 0.0);
  }
}

// In steady state the host waits for a value once per step: 2 s of issuing, 3 s of work that starts after 1 s.
// Issued at 1, 2 after the sync; a runs 1-3, b 3-4 of each 4 s.
TEST(Breakdown, SteadyStateOfAStepThatReadsAValue) {
  SmallRecorder r(0, 1);
  for (int i = 0; i < 4; ++i) {
    r.begin_scope("step");
    add_op(r, kCompute, "a", OpClass::matmul);
    add_op(r, kCompute, "b", OpClass::memory);
    r.host_sync(kCompute);
    r.end_scope();
  }
  const auto steps = replay_ranks({r.trace()}, {.op_s = {{"a", 2}}, .op_issue_s = 1})[0].steps;
  ASSERT_EQ(steps.size(), 4u);
  for (const StepTime& step : steps) {
    EXPECT_EQ(step.end_s - step.begin_s, 4.0);
    EXPECT_EQ(step.breakdown.host_bound_s, 1.0);
    EXPECT_EQ(step.breakdown.host_s, 2.0);
    EXPECT_EQ(sum(step.breakdown), 4.0);
  }
}

}  // namespace
}  // namespace titan::replay
