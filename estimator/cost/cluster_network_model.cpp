#include "estimator/cost/cluster_network_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

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

/// Reads a table at `bytes`: seconds along straight lines in the logarithms, beyond its ends as `model` goes.
replay::Cost read(const hardware::MeasuredCollective& table, CollectiveKind kind, double bytes,
                  const std::function<double(double)>& model) {
  const auto& points = table.busbw_gb_s;
  const auto time = [&](size_t i) { return seconds(kind, table.num_ranks, points[i]); };
  const size_t last = points.size() - 1;
  if (bytes < points[0].first) return {time(0) * model(bytes) / model(points[0].first), replay::Evidence::model};
  if (bytes > points[last].first) {
    return {time(last) * model(bytes) / model(points[last].first), replay::Evidence::model};
  }
  size_t right = 0;
  while (points[right].first < bytes) ++right;
  if (points[right].first == bytes) return {time(right), replay::Evidence::measured};
  const double part =
      std::log(bytes / points[right - 1].first) / std::log(points[right].first / points[right - 1].first);
  return {time(right - 1) * std::pow(time(right) / time(right - 1), part), replay::Evidence::interpolated};
}

/// Shares of `seconds` for which the ports are taken, their bandwidth being `factor` times less than the best estimate.
replay::PortLoads loads(const CollectiveTime& time, double factor, double seconds) {
  if (seconds <= 0) return {};
  const double link = std::min(1.0, time.link_s * factor / seconds);
  const double network = std::min(1.0, time.network_s * factor / seconds);
  return {link, link, network, network};
}

}  // namespace

ClusterNetworkModel::ClusterNetworkModel(const hardware::Machine& machine, const Deviations& deviations)
    : cluster_(machine.cluster), deviations_(deviations) {}

double ClusterNetworkModel::bandwidth_factor(bool over_network, replay::Evidence evidence) const {
  return over_network ? deviations_.factor(ErrorSource::network, cluster_.deviation.network.of(evidence))
                      : deviations_.factor(ErrorSource::link, cluster_.deviation.link.of(evidence));
}

replay::CommunicationCost ClusterNetworkModel::modelled(const CollectiveTime& time) const {
  const double factor = bandwidth_factor(time.over_network, replay::Evidence::model);
  const double seconds =
      time.latency_s * deviations_.factor(ErrorSource::latency, cluster_.deviation.latency) + time.bandwidth_s * factor;
  return {.seconds = seconds, .evidence = replay::Evidence::model, .loads = loads(time, factor, seconds)};
}

std::optional<replay::Cost> ClusterNetworkModel::measured(CollectiveKind kind, double bytes,
                                                          const GroupShape& shape) const {
  for (const auto& table : cluster_.measured) {
    if (table.kind != name(kind) || table.num_ranks != shape.num_ranks || table.num_nodes != shape.num_nodes) continue;
    return read(table, kind, bytes,
                [&](double size) { return collective_time(cluster_, kind, size, shape).seconds(); });
  }
  return {};
}

replay::CommunicationCost ClusterNetworkModel::collective(const trace::CollectiveDescriptor& collective,
                                                          const trace::Group& group) const {
  const GroupShape shape = group_shape(group.ranks, cluster_.gpus_per_node);
  if (shape.num_ranks == 1) return {.seconds = 0, .evidence = replay::Evidence::model};
  const CollectiveTime time = collective_time(cluster_, collective.kind, collective.bytes, shape);
  if (const auto known = measured(collective.kind, collective.bytes, shape)) {
    const double factor = bandwidth_factor(shape.num_nodes > 1, known->evidence), seconds = known->seconds * factor;
    return {.seconds = seconds, .evidence = known->evidence, .loads = loads(time, factor, seconds)};
  }
  return modelled(time);
}

replay::CommunicationCost ClusterNetworkModel::transfer(const trace::TransferDescriptor& transfer, int32_t from,
                                                        int32_t to) const {
  const bool same_node = from / cluster_.gpus_per_node == to / cluster_.gpus_per_node;
  return modelled(transfer_time(cluster_, transfer.bytes, same_node));
}

}  // namespace titan::cost
