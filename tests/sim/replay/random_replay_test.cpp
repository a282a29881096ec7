#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "sim/replay/deadlock.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/replay/expected_times.h"
#include "tests/sim/replay/random_world.h"

namespace titan::replay {
namespace {

using trace::NodeKind;
using trace::NodeTime;

constexpr double kPicosecond = 1e-12;

std::optional<std::vector<RoleTimes>> try_replay(const RandomWorld& world, bool interference) {
  try {
    return replay(world.world(), world.costs, world.network, {.interference = interference, .keep_timeline = true});
  } catch (const DeadlockError& error) {
    EXPECT_FALSE(error.deadlock().cycle.empty());
    for (const Deadlock::Waiting& waiting : error.deadlock().cycle) {
      EXPECT_EQ(waiting.rank % 2, 0);
      EXPECT_LT(waiting.node, world.traces[static_cast<size_t>(waiting.rank / 2)].nodes.size());
    }
    return std::nullopt;
  }
}

// All prices are whole seconds, so that both are exact.
void expect_same(const Trace& trace, const std::vector<NodeTime>& found, const std::vector<NodeTime>& expected) {
  for (size_t i = 0; i < trace.nodes.size(); ++i)
    ASSERT_EQ(found[i], expected[i]) << "node " << i << ": " << found[i].issue_s << " " << found[i].start_s << " "
                                     << found[i].end_s << " against " << expected[i].issue_s << " "
                                     << expected[i].start_s << " " << expected[i].end_s;
}

TEST(RandomReplay, AgreesWithItsRulesOrReportsADeadlock) {
  std::mt19937 random(5);
  int num_deadlocks = 0, num_worlds = 0;
  for (; num_worlds < 4000 && !::testing::Test::HasFatalFailure(); ++num_worlds) {
    SCOPED_TRACE(num_worlds);
    const RandomWorld world = random_world(random, {.num_roles = 1 + num_worlds % 3});
    for (const Trace& trace : world.traces) ASSERT_EQ(trace::find_fault(trace), std::nullopt);
    const auto expected = expected_times(world);
    const auto found = try_replay(world, false);
    ASSERT_EQ(found.has_value(), expected.has_value());
    num_deadlocks += !expected;
    if (!expected) continue;
    for (size_t role = 0; role < world.traces.size(); ++role)
      expect_same(world.traces[role], (*found)[role].timeline, (*expected)[role]);
  }
  EXPECT_GT(num_deadlocks, num_worlds / 50);
  EXPECT_LT(num_deadlocks, num_worlds / 2);
}

double length(const RoleTimes& times) {
  return std::accumulate(times.steps.begin(), times.steps.end(), 0.0,
                         [](double sum, const StepTime& step) { return sum + step.end_s - step.begin_s; });
}

void expect_sums(const RoleTimes& times) {
  double last_end = times.steps.front().begin_s;
  for (const StepTime& step : times.steps) {
    ASSERT_EQ(step.begin_s, last_end);
    ASSERT_GE(step.end_s, step.begin_s);
    last_end = step.end_s;
    const Breakdown& b = step.breakdown;
    const double all = std::accumulate(b.by_class_s.begin(), b.by_class_s.end(), b.exposed_communication_s + b.idle_s);
    ASSERT_NEAR(all, step.end_s - step.begin_s, 1e-14 * (1.0 + step.end_s));
    ASSERT_NEAR(b.host_bound_s + b.waiting_s, b.idle_s, 1e-14 * (1.0 + b.idle_s));
    double exposed = 0.0;
    for (const auto& [group, group_s] : b.exposed_by_group) exposed += group_s;
    ASSERT_NEAR(exposed, b.exposed_communication_s, 1e-14 * (1.0 + exposed));
    ASSERT_LE(b.exposed_communication_s, b.communication_s);
  }
  ASSERT_LE(last_end, times.end_s);
}

TEST(RandomReplay, PartsOfEveryStepSumToIt) {
  std::mt19937 random(6);
  for (int i = 0; i < 3000 && !::testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE(i);
    const auto found = try_replay(random_world(random, {.num_roles = 1 + i % 3, .may_deadlock = false}), i % 2 == 0);
    ASSERT_TRUE(found);
    for (const RoleTimes& times : *found) expect_sums(times);
  }
}

/// From when to when a stream of the role communicated.
struct Busy {
  uint8_t stream;
  double start_s, end_s;
};

std::vector<Busy> communication(const Trace& trace, const std::vector<NodeTime>& times) {
  std::vector<Busy> found;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    const NodeKind kind = trace.nodes[i].kind;
    if (kind == NodeKind::collective || kind == NodeKind::send || kind == NodeKind::recv)
      found.push_back({trace.nodes[i].stream, times[i].start_s, times[i].end_s});
  }
  return found;
}

// The work of an operation: its time at the speed that the communication beside it leaves.
double work_done(const NodeTime& time, const std::vector<Busy>& busy, const TableCosts& costs) {
  std::vector<double> cuts{time.start_s, time.end_s};
  for (const Busy& b : busy) {
    for (const double cut : {b.start_s, b.end_s}) {
      if (cut > time.start_s && cut < time.end_s) cuts.push_back(cut);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  double done = 0.0;
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    uint32_t streams = 0;
    const double middle = (cuts[i] + cuts[i + 1]) / 2;
    for (const Busy& b : busy) streams |= (b.start_s < middle && middle < b.end_s) ? 1u << b.stream : 0u;
    const int num_streams = std::popcount(streams);
    done += (cuts[i + 1] - cuts[i]) / (num_streams == 0 ? 1.0 : costs.slowdown.at(num_streams));
  }
  return done;
}

// Stream order, issue, events and speed, on the timeline with interference.
void expect_causal(const RandomWorld& world, const Trace& trace, const std::vector<NodeTime>& times) {
  std::vector<double> done(trace::kMaxStreams), event(trace.num_events);
  const std::vector<Busy> busy = communication(trace, times);
  double host = 0.0;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    const trace::Node& node = trace.nodes[i];
    const NodeTime& time = times[i];
    ASSERT_GE(time.issue_s, host) << i;
    host = time.issue_s;
    ASSERT_GE(time.end_s, time.start_s) << i;
    const bool is_host = node.kind == NodeKind::host_sync || node.kind == NodeKind::host_wait;
    const double waited_for = !is_host ? 0.0 : node.kind == NodeKind::host_sync ? done[node.stream] : event[node.id];
    ASSERT_GE(time.end_s, waited_for) << i;
    if (is_host || node.kind >= NodeKind::begin_scope || node.kind == NodeKind::begin_batch) continue;
    ASSERT_GE(time.start_s, time.issue_s) << i;
    // Transfers of a batch have no order, and the end of the batch the time of all of them.
    const bool is_ordered =
        node.kind != NodeKind::send && node.kind != NodeKind::recv && node.kind != NodeKind::end_batch;
    ASSERT_GE(time.start_s, is_ordered ? done[node.stream] : 0.0) << i;
    if (node.kind == NodeKind::record_event) event[node.id] = time.end_s;
    ASSERT_GE(time.end_s, node.kind == NodeKind::wait_event ? event[node.id] : 0.0) << i;
    if (node.kind == NodeKind::op) {
      ASSERT_EQ(time.start_s, std::max(time.issue_s, done[node.stream])) << i;
      ASSERT_NEAR(work_done(time, busy, world.costs), entry_or_1(world.costs.op_s, trace.ops[node.id].name),
                  20 * kPicosecond)
          << i;
    }
    if (node.kind != NodeKind::record_event) done[node.stream] = std::max(done[node.stream], time.end_s);
  }
}

TEST(RandomReplay, InterferenceKeepsOrderAndWork) {
  std::mt19937 random(7);
  double with = 0.0, without = 0.0;
  for (int i = 0; i < 3000 && !::testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE(i);
    const RandomWorld world = random_world(random, {.num_roles = 1 + i % 3, .may_deadlock = false});
    const auto found = try_replay(world, true);
    ASSERT_TRUE(found);
    for (size_t role = 0; role < world.traces.size(); ++role) {
      expect_causal(world, world.traces[role], (*found)[role].timeline);
      with += length((*found)[role]);
    }
    const auto undisturbed = *try_replay(world, false);
    for (const RoleTimes& times : undisturbed) without += length(times);
  }
  EXPECT_GT(with, 1.02 * without);
}

TEST(RandomReplay, IsDeterministicAndTheTimelineChangesNothing) {
  std::mt19937 random(8);
  for (int i = 0; i < 200; ++i) {
    const RandomWorld world = random_world(random, {.num_rounds = 60, .may_deadlock = false});
    const auto first = *try_replay(world, true), second = *try_replay(world, true);
    const auto bare = replay(world.world(), world.costs, world.network);
    for (size_t role = 0; role < first.size(); ++role) {
      ASSERT_EQ(first[role].timeline, second[role].timeline);
      ASSERT_EQ(first[role].end_s, bare[role].end_s);
      ASSERT_TRUE(bare[role].timeline.empty());
      ASSERT_EQ(first[role].steps.size(), bare[role].steps.size());
      for (size_t s = 0; s < bare[role].steps.size(); ++s) {
        ASSERT_EQ(first[role].steps[s].end_s, bare[role].steps[s].end_s);
        ASSERT_EQ(first[role].steps[s].breakdown.idle_s, bare[role].steps[s].breakdown.idle_s);
      }
    }
  }
}

// Law 4: without interference, no node ends later when any one cost is lower.
TEST(RandomReplay, WithoutInterferenceALowerCostDelaysNothing) {
  std::mt19937 random(9);
  int num_sooner = 0;
  for (int i = 0; i < 1500; ++i) {
    const RandomWorld world = random_world(random, {.num_roles = 1 + i % 3, .may_deadlock = false});
    RandomWorld cheaper = world;
    std::vector<double*> prices{&cheaper.costs.op_issue_s, &cheaper.costs.communication_issue, &cheaper.costs.event,
                                &cheaper.network.transfer_s};
    for (auto& [name, price] : cheaper.costs.op_s) prices.push_back(&price);
    for (auto& [name, price] : cheaper.network.group_s) prices.push_back(&price);
    *prices[random() % prices.size()] *= 0.5;
    const auto slow = *try_replay(world, false), fast = *try_replay(cheaper, false);
    for (size_t role = 0; role < slow.size(); ++role) {
      for (size_t n = 0; n < slow[role].timeline.size(); ++n)
        ASSERT_LE(fast[role].timeline[n].end_s, slow[role].timeline[n].end_s);
      num_sooner += fast[role].end_s < slow[role].end_s;
    }
  }
  EXPECT_GT(num_sooner, 500);
}

}  // namespace
}  // namespace titan::replay
