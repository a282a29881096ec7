#include "estimator/cost/collective_cost.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/hardware/units.h"

namespace titan::cost {
namespace {

using hardware::ClusterSpec;
using hardware::kGiga;
using hardware::kMebi;
using hardware::kMicro;
using trace::CollectiveKind;

/// Latencies of NCCL's tuner in us, by protocol (ll, ll128, simple): ncclTunerConstantsDefaults, hwLatencies.
using PerProtocol = std::array<double, 3>;
constexpr PerProtocol kTreeBase = {6.8, 14.0, 8.4}, kRingBase = {6.6, 14.0, 8.4};
constexpr PerProtocol kTreeLink = {0.6, 1.25, 4.0}, kRingLink = {0.6, 1.9, 3.4};
constexpr PerProtocol kTreeNetwork = {5.0, 8.5, 14.0}, kRingNetwork = {2.7, 4.0, 14.0};
constexpr double kNvlsLink = 25.0, kNvlsTreeNetwork = 20.9;
constexpr double kRingPlateau = 1.4;                  // of a ring all-reduce over nodes from Ampere on
constexpr double kLl128Share = 120.0 / 128.0 * 0.98;  // 0.92
constexpr double kTreeShare = 0.92, kTreePattern = 0.85, kNvlsTreeShare = 0.85;  // nvls_tree: 310 of 365 GB/s, 4x8 H200
constexpr double kPeerMessage = 0.7;  // us per peer of an all-to-all: slope of SimuMax's B200 fit (7.3 us at 8 ranks)

size_t index(Protocol protocol) { return static_cast<size_t>(protocol); }

/// Prices one choice after another for one collective.
class Pricer {
 public:
  Pricer(const ClusterSpec& cluster, CollectiveKind kind, double bytes, const GroupShape& shape)
      : cluster_(cluster), kind_(kind), bytes_(bytes), shape_(shape), n_(static_cast<double>(shape.num_ranks)) {}

  std::vector<CollectiveTime> choices() const {
    if (kind_ == CollectiveKind::all_to_all) return {all_to_all()};
    std::vector<CollectiveTime> found;
    const bool reduces_all = kind_ == CollectiveKind::all_reduce || kind_ == CollectiveKind::barrier;
    for (const Protocol protocol : {Protocol::ll, Protocol::ll128, Protocol::simple}) {
      if (!allows(protocol)) continue;
      if (allows("ring")) found.push_back(ring(protocol));
      if (reduces_all && allows("tree")) found.push_back(tree(protocol));
    }
    const bool has_switch = cluster_.link.switch_gb_s.has_value();
    if (reduces_all && has_switch && one_node() && shape_.num_ranks >= *cluster_.link.switch_min_ranks) {
      found.push_back(nvls());
    }
    if (reduces_all && has_switch && !one_node() && allows("nvls_tree")) found.push_back(nvls_tree());
    return found;
  }

 private:
  bool one_node() const { return shape_.num_nodes == 1; }

  bool allows(Protocol protocol) const {
    constexpr const char* kNames[] = {"ll", "ll128", "simple"};
    return one_node() || contains(cluster_.network.protocols, kNames[index(protocol)]);
  }
  bool allows(const char* algorithm) const { return one_node() || contains(cluster_.network.algorithms, algorithm); }
  static bool contains(const std::vector<std::string>& list, const char* name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  }

  double network_gb_s() const {
    return static_cast<double>(shape_.ranks_per_node) * cluster_.network.nics_per_gpu * cluster_.network.nic_gb_s *
           cluster_.network.efficiency;
  }
  /// Share of a GPU's links that lead to members of the group.
  double link_share() const {
    if (!cluster_.link.mesh || cluster_.gpus_per_node == 1) return 1;
    return static_cast<double>(std::max<int64_t>(1, shape_.ranks_per_node - 1)) /
           static_cast<double>(cluster_.gpus_per_node - 1);
  }
  double link_gb_s() const { return cluster_.link.ring_gb_s * link_share(); }
  /// Bus bandwidth of a ring that visits each node once per channel.
  double ring_gb_s() const {
    if (one_node()) return link_gb_s();
    return shape_.ranks_per_node == 1 ? network_gb_s() : std::min(link_gb_s(), network_gb_s());
  }
  double ll_max_gb_s() const { return one_node() ? cluster_.link.ll_max_gb_s : cluster_.network.ll_max_gb_s; }

  CollectiveTime made(Algorithm algorithm, Protocol protocol, double latency_us, double bus_gb_s) const {
    CollectiveTime time;
    time.algorithm = algorithm;
    time.protocol = protocol;
    const double half = cluster_.pipeline.half_mib * kMebi;
    const double fill_us = cluster_.pipeline.fill_us * bytes_ / (bytes_ + half);
    time.latency_s = (cluster_.latency.start_us + latency_us + fill_us) * kMicro;
    time.bandwidth_s = bus_factor(kind_, shape_.num_ranks) * bytes_ / (bus_gb_s * kGiga);
    time.over_network = !one_node() && network_gb_s() <= ring_gb_s();
    const double gigabytes = bus_factor(kind_, shape_.num_ranks) * bytes_ / kGiga;
    if (shape_.ranks_per_node > 1) time.link_s = std::min(time.bandwidth_s, gigabytes / link_gb_s());
    if (!one_node()) time.network_s = std::min(time.bandwidth_s, gigabytes / network_gb_s());
    return time;
  }

  double ring_latency_us(Protocol protocol) const {
    const size_t p = index(protocol);
    const double nodes = static_cast<double>(shape_.num_nodes);
    const bool twice = kind_ == CollectiveKind::all_reduce || kind_ == CollectiveKind::barrier;
    const double steps = twice ? 2 * (n_ - 1) : kind_ == CollectiveKind::broadcast ? n_ : n_ - 1;
    const double network_steps = twice ? 2 * (nodes - 1) : nodes - 1;
    // With one GPU per node nothing hides the network: NCCL takes the tree's hop then.
    const double hop = (shape_.ranks_per_node == 1 ? kTreeNetwork[p] : kRingNetwork[p]) + cluster_.latency.network_us;
    const double post = one_node() ? 0.0 : cluster_.latency.post_us * (protocol == Protocol::simple ? 3 : 1);
    return kRingBase[p] + (steps - network_steps) * std::max(kRingLink[p], post) + network_steps * hop;
  }

  CollectiveTime ring(Protocol protocol) const {
    double bus = ring_gb_s();
    if (protocol == Protocol::ll) bus = std::min(ll_max_gb_s(), bus / 2);
    if (protocol == Protocol::ll128) bus *= kLl128Share;
    double latency = ring_latency_us(protocol);
    const bool plateau = kind_ == CollectiveKind::all_reduce && !one_node() && protocol == Protocol::simple;
    return made(Algorithm::ring, protocol, plateau ? kRingPlateau * latency : latency, bus);
  }

  CollectiveTime tree(Protocol protocol) const {
    const size_t p = index(protocol);
    const double nodes = static_cast<double>(shape_.num_nodes);
    double bus = ring_gb_s() * kTreeShare * (one_node() ? 1 : kTreePattern);
    if (protocol == Protocol::ll) bus = std::min(ll_max_gb_s(), bus / 3.8);
    if (protocol == Protocol::ll128) bus *= one_node() ? 7.0 / 9.0 : 120.0 / 128.0;
    const double latency =
        kTreeBase[p] + 2 * ((n_ / nodes - 1) * kTreeLink[p] +
                            std::floor(std::log2(nodes)) * (kTreeNetwork[p] + cluster_.latency.network_us));
    // NCCL prices a tree at half its bus bandwidth per byte of the tensor.
    return made(Algorithm::tree, protocol, latency, bus * bus_factor(kind_, shape_.num_ranks) / 2);
  }

  CollectiveTime nvls() const {
    const double bus = *cluster_.link.switch_gb_s * bus_factor(kind_, shape_.num_ranks);
    return made(Algorithm::nvls, Protocol::simple, kNvlsLink, bus);
  }

  CollectiveTime nvls_tree() const {
    const double hops = std::floor(std::log2(static_cast<double>(shape_.num_nodes)));
    const double latency = kNvlsLink + 2 * hops * (kNvlsTreeNetwork + cluster_.latency.network_us);
    return made(Algorithm::nvls_tree, Protocol::simple, latency, ring_gb_s() * kNvlsTreeShare);
  }

  /// Bytes for peers on the node and for those beyond it travel at once.
  CollectiveTime all_to_all() const {
    const double beyond = (n_ - static_cast<double>(shape_.ranks_per_node)) / n_;
    const double within = (static_cast<double>(shape_.ranks_per_node) - 1) / n_;
    const double port = network_gb_s() / static_cast<double>(shape_.ranks_per_node);
    const double link_s = within * bytes_ / (cluster_.link.all_to_all_gb_s * link_share() * kGiga);
    const double network_s = one_node() ? 0 : beyond * bytes_ / (port * kGiga);
    const double hop = one_node() ? kRingLink[2] : kRingNetwork[2] + cluster_.latency.network_us;
    CollectiveTime time = made(Algorithm::pairs, Protocol::simple, hop + (n_ - 1) * kPeerMessage, 1);
    time.bandwidth_s = std::max(link_s, network_s);
    time.link_s = link_s;
    time.network_s = network_s;
    time.over_network = network_s > link_s;
    return time;
  }

  const ClusterSpec& cluster_;
  CollectiveKind kind_;
  double bytes_;
  GroupShape shape_;
  double n_;
};

}  // namespace

double bus_factor(CollectiveKind kind, int64_t num_ranks) {
  const double n = static_cast<double>(num_ranks);
  switch (kind) {
    case CollectiveKind::all_reduce:
    case CollectiveKind::barrier:
      return 2 * (n - 1) / n;
    case CollectiveKind::broadcast:
      return 1;
    default:
      return (n - 1) / n;
  }
}

std::vector<CollectiveTime> collective_choices(const ClusterSpec& cluster, CollectiveKind kind, double bytes,
                                               const GroupShape& shape) {
  return Pricer(cluster, kind, bytes, shape).choices();
}

CollectiveTime collective_time(const ClusterSpec& cluster, CollectiveKind kind, double bytes, const GroupShape& shape) {
  if (shape.num_ranks == 1) return {};
  const auto choices = collective_choices(cluster, kind, bytes, shape);
  return *std::min_element(choices.begin(), choices.end(),
                           [](const auto& one, const auto& other) { return one.seconds() < other.seconds(); });
}

CollectiveTime transfer_time(const ClusterSpec& cluster, double bytes, bool same_node) {
  const double port = cluster.network.nics_per_gpu * cluster.network.nic_gb_s * cluster.network.efficiency;
  const double hop = same_node ? kRingLink[2] : kRingNetwork[2] + cluster.latency.network_us;
  CollectiveTime time;
  time.algorithm = Algorithm::pairs;
  time.latency_s = (cluster.latency.start_us + hop) * kMicro;
  time.bandwidth_s = bytes / ((same_node ? cluster.link.peer_gb_s : port) * kGiga);
  time.over_network = !same_node;
  (same_node ? time.link_s : time.network_s) = time.bandwidth_s;
  return time;
}

}  // namespace titan::cost
