#include "sim/replay/deadlock.h"

#include <gtest/gtest.h>

#include "tests/sim/replay/table_costs.h"

namespace titan::replay {
namespace {

std::string deadlock_of(const std::vector<Trace>& traces) {
  try {
    replay_ranks(traces, {});
  } catch (const DeadlockError& error) {
    return error.what();
  }
  return "finished";
}

void collect(SmallRecorder& r, const std::string& group) {
  r.collect(kCompute, CollectiveKind::all_reduce, group, {0, 1}, 8);
}

TEST(Deadlock, OppositeOrderOnOneStreamIsNamed) {
  SmallRecorder a(0, 2), b(1, 2);
  a.work(kCompute, "x");
  collect(a, "tp");
  collect(a, "dp");
  collect(b, "dp");
  collect(b, "tp");
  EXPECT_EQ(deadlock_of({a.take(), b.take()}),
            "replay: the traces cannot finish: rank 0 at node 1 'all_reduce tp(2) bfloat16 8 B @compute' waits for "
            "rank 1 at node 0 'all_reduce dp(2) bfloat16 8 B @compute' waits for the first");
}

TEST(Deadlock, ARankThatNeverComesIsNamed) {
  SmallRecorder a(0, 2), b(1, 2);
  collect(a, "dp");
  collect(a, "dp");
  collect(b, "dp");
  EXPECT_EQ(deadlock_of({a.take(), b.take()}),
            "replay: the traces cannot finish: rank 0 at node 1 'all_reduce dp(2) bfloat16 8 B @compute' waits for "
            "rank 1, which never comes");
}

// Both send first, on a stream of which each does one thing at a time.
TEST(Deadlock, TransfersThatWaitForEachOtherAreNamed) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    const uint32_t transfer = r.transfer_to({0, 1}, 1 - rank, 8);
    r.send(kP2p, transfer, {});
    r.recv(kP2p, transfer, {});
    traces.push_back(r.take());
  }
  EXPECT_EQ(
      deadlock_of(traces),
      "replay: the traces cannot finish: rank 0 at node 0 'send pp to rank 1 8 B @p2p' waits for rank 1 at node 0 "
      "'send pp to rank 0 8 B @p2p' waits for the first");
}

// Rank 0's host waits for the collective before it issues what rank 1 must have before it comes: through streams,
// events and the host.
TEST(Deadlock, HostsAndEventsAreFollowed) {
  SmallRecorder a(0, 2), b(1, 2);
  collect(a, "dp");
  const uint32_t event = a.record_event(kCompute);
  a.host_wait(event);
  a.send(kP2p, a.transfer_to({0, 1}, 1, 8), {});
  b.recv(kP2p, b.transfer_to({0, 1}, 0, 8), {});
  b.wait_event(kCompute, b.record_event(kP2p));
  collect(b, "dp");
  EXPECT_EQ(
      deadlock_of({a.take(), b.take()}),
      "replay: the traces cannot finish: rank 0 at node 2 'host_wait e0' waits for rank 0 at node 0 'all_reduce "
      "dp(2) bfloat16 8 B @compute' waits for rank 1 at node 2 'wait e0 @compute' waits for rank 1 at node 0 'recv "
      "pp from rank 0 8 B @p2p' waits for the first");
}

// Ranks 0 and 1 are one role and form a ring. Each sends before it receives, on one stream.
TEST(Deadlock, ARoleCanWaitForItself) {
  SmallRecorder r(0, 2);
  const uint32_t transfer = r.transfer_to({0, 1}, 1, 8);
  r.send(kP2p, transfer, {});
  r.recv(kP2p, transfer, {});
  const World world{{&r.trace()}, {0, 0}};
  try {
    replay(world, TableCosts(), TableNetwork());
    FAIL() << "finished";
  } catch (const DeadlockError& error) {
    EXPECT_STREQ(error.what(),
                 "replay: the traces cannot finish: rank 0 at node 0 'send pp to rank 1 8 B @p2p' waits for itself");
  }
}

TEST(Deadlock, IsAValueToo) {
  SmallRecorder a(0, 2), b(1, 2);
  collect(a, "dp");
  const std::vector<Trace> traces{a.take(), b.take()};
  try {
    replay_ranks(traces, {});
    FAIL() << "finished";
  } catch (const DeadlockError& error) {
    EXPECT_EQ(error.deadlock().absent_rank, 1);
    ASSERT_EQ(error.deadlock().cycle.size(), 1u);
    EXPECT_EQ(error.deadlock().cycle[0].rank, 0);
    EXPECT_EQ(error.deadlock().cycle[0].node, 0u);
  }
}

}  // namespace
}  // namespace titan::replay
