#include "estimator/cost/cluster_network_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "estimator/hardware/units.h"
#include "tests/estimator/shipped.h"

namespace titan::cost {
namespace {

using replay::Evidence;
using trace::CollectiveKind;

using hardware::kMebi;

trace::Group ranks(int count, int stride = 1) {
  trace::Group group{.name = "fsdp"};
  for (int i = 0; i < count; ++i) group.ranks.push_back(i * stride);
  return group;
}

TEST(ClusterNetworkModel, TakesNoTimeForOneRank) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  EXPECT_EQ(model.collective({.kind = CollectiveKind::all_gather, .bytes = 1e9}, ranks(1)).seconds, 0);
}

// ml-engineering, 8 H200: 16 MiB at 220 GB/s of the bus, factor 1.75.
TEST(ClusterNetworkModel, ReadsMeasuredPointsExactly) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  const auto cost = model.collective({.kind = CollectiveKind::all_reduce, .bytes = 16 * kMebi}, ranks(8));
  EXPECT_NEAR(cost.seconds, 1.75 * 16 * kMebi / 220e9, 1e-12);
  EXPECT_EQ(cost.evidence, Evidence::measured);
}

TEST(ClusterNetworkModel, ReadsBetweenPointsAndGoesOnBeyondThem) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  const auto at = [&](double bytes) {
    return model.collective({.kind = CollectiveKind::all_reduce, .bytes = bytes}, ranks(8));
  };
  EXPECT_EQ(at(32 * kMebi).evidence, Evidence::interpolated);
  EXPECT_GT(at(32 * kMebi).seconds, at(16 * kMebi).seconds);
  EXPECT_LT(at(32 * kMebi).seconds, at(64 * kMebi).seconds);
  EXPECT_EQ(at(32768 * kMebi).evidence, Evidence::model);
  EXPECT_NEAR(at(32768 * kMebi).seconds / at(16384 * kMebi).seconds, 2, 0.01);
  EXPECT_EQ(at(1).evidence, Evidence::model);
  EXPECT_LE(at(1).seconds, at(32 * 1024).seconds);
}

TEST(ClusterNetworkModel, UsesATableForItsRanksAndNodesOnly) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  const trace::CollectiveDescriptor collective = {.kind = CollectiveKind::all_reduce, .bytes = 16 * kMebi};
  EXPECT_EQ(model.collective(collective, ranks(4)).evidence, Evidence::model);
  EXPECT_EQ(model.collective(collective, ranks(8, 8)).evidence, Evidence::model);
}

// A bandwidth that is two standard deviations worse costs exp(2 * 0.05) where the time is all bandwidth, nothing where
// no byte moves; the network's does not touch the links'.
TEST(ClusterNetworkModel, MovesWithItsOwnErrorSourcesOnly) {
  const auto machine = hardware::isolated("500w");
  const trace::CollectiveDescriptor large = {.kind = CollectiveKind::all_gather, .bytes = 1e12};
  const auto ratio = [&](ErrorSource source, const trace::Group& group) {
    return ClusterNetworkModel(machine, Deviations::one(source, 2)).collective(large, group).seconds /
           ClusterNetworkModel(machine).collective(large, group).seconds;
  };
  EXPECT_NEAR(ratio(ErrorSource::link, ranks(8)), std::exp(2 * machine.cluster.deviation.link.model), 1e-3);
  EXPECT_EQ(ratio(ErrorSource::network, ranks(8)), 1);
  EXPECT_EQ(ratio(ErrorSource::link, ranks(8, 8)), 1);
  EXPECT_NEAR(ratio(ErrorSource::network, ranks(8, 8)), std::exp(2 * machine.cluster.deviation.network.model), 1e-3);
  EXPECT_EQ(ratio(ErrorSource::gemm, ranks(8)), 1);
}

TEST(ClusterNetworkModel, TransfersKnowTheirNodes) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  const double inside = model.transfer({.bytes = 1e9}, 0, 7).seconds;
  EXPECT_LT(inside, model.transfer({.bytes = 1e9}, 0, 8).seconds);
  EXPECT_EQ(inside, model.transfer({.bytes = 1e9}, 15, 8).seconds);
}

// A ring of large messages takes all of its bottleneck, in both directions, and of what is faster its part; latency
// takes nothing.
TEST(ClusterNetworkModel, SaysWhatACollectiveTakesOfThePorts) {
  const auto machine = hardware::isolated("500w");
  const ClusterNetworkModel model(machine);
  const auto loads = [&](double bytes, const trace::Group& group) {
    return model.collective({.kind = CollectiveKind::all_gather, .bytes = bytes}, group).loads;
  };
  const auto inside = loads(1e12, ranks(8)), across = loads(1e12, ranks(16));
  EXPECT_NEAR(inside[0], 1, 1e-3);
  EXPECT_EQ(inside[0], inside[1]);
  EXPECT_EQ(inside[2], 0);
  const auto& link = machine.cluster.link;
  const auto& network = machine.cluster.network;
  const double network_gb_s = 8 * network.nics_per_gpu * network.nic_gb_s * network.efficiency;
  EXPECT_NEAR(std::max(across[0], across[2]), 1, 1e-3);
  EXPECT_NEAR(across[0] / across[2], network_gb_s / link.ring_gb_s, 1e-6);
  EXPECT_EQ(across[2], across[3]);
  EXPECT_EQ(loads(1e12, ranks(4, 8))[0], 0);  // one GPU per node
  EXPECT_LT(loads(1e3, ranks(8))[0], 0.01);
}

TEST(ClusterNetworkModel, TransfersTakeOneKindOfPort) {
  const ClusterNetworkModel model(hardware::isolated("500w"));
  const auto inside = model.transfer({.bytes = 1e12}, 0, 7).loads, across = model.transfer({.bytes = 1e12}, 0, 8).loads;
  EXPECT_NEAR(inside[0], 1, 1e-3);
  EXPECT_EQ(inside[2], 0);
  EXPECT_EQ(across[0], 0);
  EXPECT_NEAR(across[2], 1, 1e-3);
}

}  // namespace
}  // namespace titan::cost
