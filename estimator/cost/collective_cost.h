#pragma once

#include <vector>

#include "estimator/cost/group_shape.h"
#include "estimator/hardware/cluster_spec.h"
#include "sim/trace/descriptor.h"

namespace titan::cost {

enum class Algorithm : uint8_t { ring, tree, nvls, nvls_tree, pairs };
enum class Protocol : uint8_t { ll, ll128, simple };

/// Time of one collective, its parts told apart by what they depend on.
struct CollectiveTime {
  Algorithm algorithm = Algorithm::ring;
  Protocol protocol = Protocol::simple;
  double latency_s = 0;       // fixed times
  double bandwidth_s = 0;     // bytes over the bottleneck
  bool over_network = false;  // the bottleneck is between nodes
  double link_s = 0;          // of bandwidth_s, for which a GPU's links inside the node are taken
  double network_s = 0;       // and its ports between nodes

  double seconds() const { return latency_s + bandwidth_s; }
};

/// Every algorithm and protocol that can do the collective on these nodes, priced as NCCL's tuner does (src/graph/
/// tuning.cc of NCCL 2.30): latency plus bytes over bandwidth.
/// - ring (all kinds): 2(n-1) steps for all_reduce, n-1 for all_gather and reduce_scatter, n for broadcast; of them
///   2(nodes-1) or nodes-1 cross nodes; each at the hop latency, on the network at least the cost of posting. Latency
///   is linear in ranks. all_reduce over nodes with the simple protocol: 1.4 times (plateau).
/// - tree, nvls, nvls_tree: all_reduce only (all_gather and reduce_scatter use rings: measured on 8 H200). nvls inside
///   one node from switch_min_ranks ranks; tree latency grows with log2(nodes).
/// - pairs: all_to_all, each rank sends to each.
/// Protocol limits: ll half the bandwidth up to ll_max_gb_s; ll128 0.92 of it; tree 0.92, over nodes another 0.85.
/// Bandwidths of the cluster file are those that large messages were measured at. Each group uses the ports of its own
/// GPUs. Not in NCCL's model and added to every choice: latency.start_us, and pipeline.fill_us * bytes / (bytes +
/// half_mib), what filling the pipeline costs, fitted per cluster to its measured table.
std::vector<CollectiveTime> collective_choices(const hardware::ClusterSpec& cluster, trace::CollectiveKind kind,
                                               double bytes, const GroupShape& shape);

/// The fastest of them, as NCCL chooses. Zero for one rank.
CollectiveTime collective_time(const hardware::ClusterSpec& cluster, trace::CollectiveKind kind, double bytes,
                               const GroupShape& shape);

/// One transfer between two GPUs.
CollectiveTime transfer_time(const hardware::ClusterSpec& cluster, double bytes, bool same_node);

/// Bytes that pass the bottleneck per byte of the tensor, as nccl-tests counts bus bandwidth.
double bus_factor(trace::CollectiveKind kind, int64_t num_ranks);

}  // namespace titan::cost
