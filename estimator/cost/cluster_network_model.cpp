#include "estimator/cost/cluster_network_model.h"

#include <cmath>

namespace titan::cost {
namespace {

using trace::CollectiveKind;

const char* name(CollectiveKind kind) {
  constexpr const char* kNames[] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "barrier"};
  return kNames[static_cast<size_t>(kind)];
}

/// Seconds of a measured point.
double seconds(CollectiveKind kind, int64_t num_ranks, const std::pair<double, double>& point) {
  return bus_factor(kind, num_ranks) * point.first / (point.second * 1e9);
}

}  // namespace

ClusterNetworkModel::ClusterNetworkModel(const hardware::Machine& machine, const Deviations& deviations)
    : cluster_(machine.cluster), part_deviation_(machine.gpu.deviation.part), deviations_(deviations) {}

double ClusterNetworkModel::moved(const CollectiveTime& time) const {
  const double bandwidth = time.over_network ? deviations_.factor(ErrorSource::network, cluster_.deviation.network)
                                             : deviations_.factor(ErrorSource::link, cluster_.deviation.link);
  return time.latency_s * deviations_.factor(ErrorSource::latency, cluster_.deviation.latency) +
         time.bandwidth_s * bandwidth;
}

std::optional<replay::Cost> ClusterNetworkModel::measured(CollectiveKind kind, double bytes,
                                                          const GroupShape& shape) const {
  for (const auto& table : cluster_.measured) {
    if (table.kind != name(kind) || table.num_ranks != shape.num_ranks || table.num_nodes != shape.num_nodes) continue;
    const auto& points = table.busbw_gb_s;
    const auto time = [&](size_t i) { return seconds(kind, shape.num_ranks, points[i]); };
    const auto model = [&](double size) { return collective_time(cluster_, kind, size, shape).seconds(); };
    for (const size_t end : {size_t{0}, points.size() - 1}) {
      const bool beyond = end == 0 ? bytes < points[end].first : bytes > points[end].first;
      if (beyond) return replay::Cost{time(end) * model(bytes) / model(points[end].first), replay::Evidence::model};
    }
    size_t right = 0;
    while (points[right].first < bytes) ++right;
    if (points[right].first == bytes) return replay::Cost{time(right), replay::Evidence::measured};
    const double part = std::log(bytes / points[right - 1].first) / std::log(points[right].first / points[right - 1].first);
    return replay::Cost{time(right - 1) * std::pow(time(right) / time(right - 1), part),
                        replay::Evidence::interpolated};
  }
  return {};
}

replay::Cost ClusterNetworkModel::collective(const trace::CollectiveDescriptor& collective,
                                             const trace::Group& group) const {
  const GroupShape shape = group_shape(group.ranks, cluster_.gpus_per_node);
  if (shape.num_ranks == 1) return {.seconds = 0, .evidence = replay::Evidence::model};
  if (const auto known = measured(collective.kind, collective.bytes, shape)) {
    return {.seconds = known->seconds * deviations_.factor(ErrorSource::part, part_deviation_),
            .evidence = known->evidence};
  }
  const CollectiveTime time = collective_time(cluster_, collective.kind, collective.bytes, shape);
  return {.seconds = moved(time), .evidence = replay::Evidence::model};
}

replay::Cost ClusterNetworkModel::transfer(const trace::TransferDescriptor& transfer, int32_t from, int32_t to) const {
  const bool same_node = from / cluster_.gpus_per_node == to / cluster_.gpus_per_node;
  return {.seconds = moved(transfer_time(cluster_, transfer.bytes, same_node)), .evidence = replay::Evidence::model};
}

}  // namespace titan::cost
