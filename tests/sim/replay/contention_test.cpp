#include <gtest/gtest.h>

#include <random>

#include "sim/replay/fair_share.h"
#include "tests/sim/replay/table_costs.h"

namespace titan::replay {
namespace {

constexpr PortLoads kWholeNetwork = {0, 0, 1, 1}, kWholeLink = {1, 1, 0, 0};

/// A gather of 4 s from 0 on and a scatter of 4 s after a delay of 1 s, on streams and communicators of their own.
Trace gather_and_scatter() {
  SmallRecorder r(0, 2);
  r.collect(kGather, CollectiveKind::all_gather, "gather", {0, 1});
  r.work(kScatter, "delay");
  r.collect(kScatter, CollectiveKind::reduce_scatter, "scatter", {0, 1});
  return r.take();
}

std::string times_with(const PortLoads& gather, const PortLoads& scatter, bool contention = true) {
  const Trace trace = gather_and_scatter();
  const TableNetwork network{.group_s = {{"gather", 4}, {"scatter", 4}},
                             .loads = {{"gather", gather}, {"scatter", scatter}}};
  const World world{{&trace}, {0, 0}};
  return work_times(trace, replay(world, TableCosts{}, network, {.contention = contention, .keep_timeline = true})[0]);
}

// Alone until 1: 3 s are left of the gather; at half speed it ends at 7. By then the scatter has made 3 of 4 s: 8.
TEST(Contention, HalvesTheSpeedOfTwoThatWantTheWholePort) {
  EXPECT_EQ(times_with(kWholeNetwork, kWholeNetwork), "0-7 0-1 1-8");
  EXPECT_EQ(times_with(kWholeNetwork, kWholeNetwork, false), "0-4 0-1 1-5");
}

TEST(Contention, OfDifferentPortsThereIsNone) { EXPECT_EQ(times_with(kWholeNetwork, kWholeLink), "0-4 0-1 1-5"); }

TEST(Contention, IsNoneWhereBothFit) { EXPECT_EQ(times_with({0, 0, 0.5, 0.5}, {0, 0, 0.5, 0.5}), "0-4 0-1 1-5"); }

// They want 1.5 of the port: the scatter gets its half, the gather the other, so that from 1 to 5 it does 2 of its 3 s.
TEST(Contention, SlowsWhoWantsMoreThanAFairShare) {
  EXPECT_EQ(times_with({0, 0, 1, 1}, {0, 0, 0.5, 0.5}), "0-6 0-1 1-5");
}

// Equal parts of 0.45 for those who want more; 0.1 for the one who wants no more.
TEST(FairShare, GivesWhoWantsLittleWhatItWantsAndDividesTheRest) {
  const auto share = [](std::vector<double> loads) { return fair_share(loads); };
  EXPECT_DOUBLE_EQ(share({1, 0.1, 0.8}), 0.45);
  EXPECT_DOUBLE_EQ(share({1, 1, 1, 1}), 0.25);
  EXPECT_DOUBLE_EQ(share({0.6, 0.6}), 0.5);
  EXPECT_EQ(share({0.5, 0.5}), 1.0);
  EXPECT_EQ(share({1}), 1.0);
  EXPECT_EQ(share({}), 1.0);
}

// A pipeline stage sends and receives at once: each direction is a port of its own. Two sends share theirs.
TEST(Contention, DirectionsAreSeparate) {
  std::vector<Trace> traces;
  for (int rank = 0; rank < 2; ++rank) {
    SmallRecorder r(rank, 2);
    const uint32_t transfer = r.transfer_to({0, 1}, 1 - rank);
    r.begin_batch(kP2p);
    if (rank == 0) {
      r.send(kP2p, transfer, {});
      r.recv(kP2p, transfer, {});
    } else {
      r.recv(kP2p, transfer, {});
      r.send(kP2p, transfer, {});
    }
    r.end_batch(kP2p);
    traces.push_back(r.take());
  }
  const auto times = replay_ranks(traces, {}, {.transfer_s = 2, .transfer_loads = {1, 1, 0, 0}});
  EXPECT_EQ(times[0].end_s, 2.0);
  EXPECT_EQ(times[1].end_s, 2.0);
}

// Whatever collectives want a whole port, it is never taken twice: from the first start to the last end, without gaps,
// lies the sum of what they take alone.
TEST(Contention, APortCarriesWhatItCanAndNoMore) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 200; ++trial) {
    SmallRecorder r(0, 2);
    TableNetwork network;
    double sum_s = 0.0;
    const uint8_t streams[] = {kGather, kScatter, kP2p};
    for (int i = 0; i < 9; ++i) {
      const std::string name = "g" + std::to_string(i);
      const double length_s = 1 + static_cast<double>(random() % 7);
      r.collect(streams[random() % 3], CollectiveKind::all_gather, name, {0, 1});
      network.group_s[name] = length_s;
      network.loads[name] = kWholeNetwork;
      sum_s += length_s;
    }
    const Trace trace = r.take();
    const World world{{&trace}, {0, 0}};
    const auto times = replay(world, TableCosts{}, network)[0];
    EXPECT_NEAR(times.end_s, sum_s, 1e-9);
    ASSERT_GT(times.end_s, 0.0);
  }
}

TEST(Contention, ALoadOutsideOfAPortIsAnError) { EXPECT_THROW(times_with({0, 0, 1.5, 0}, kWholeLink), std::exception); }

}  // namespace
}  // namespace titan::replay
