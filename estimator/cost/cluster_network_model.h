#pragma once

#include <optional>

#include "estimator/cost/collective_cost.h"
#include "estimator/cost/uncertainty.h"
#include "estimator/hardware/machine.h"
#include "sim/replay/cost_model.h"

namespace titan::cost {

/// Prices communication on a cluster: the cluster file's measured table of a collective on as many ranks and nodes,
/// read along straight lines in the logarithms of size and time and scaled beyond its ends; else collective_time().
class ClusterNetworkModel : public replay::NetworkModel {
 public:
  explicit ClusterNetworkModel(const hardware::Machine& machine, const Deviations& deviations = {});

  replay::CommunicationCost collective(const trace::CollectiveDescriptor& collective,
                                       const trace::Group& group) const override;
  replay::CommunicationCost transfer(const trace::TransferDescriptor& transfer, int32_t from,
                                     int32_t to) const override;

 private:
  std::optional<replay::Cost> measured(trace::CollectiveKind kind, double bytes, const GroupShape& shape) const;
  replay::CommunicationCost modelled(const CollectiveTime& time) const;
  /// What multiplies a time that rests on `evidence`.
  double bandwidth_factor(bool over_network, replay::Evidence evidence) const;

  hardware::ClusterSpec cluster_;
  Deviations deviations_;
};

}  // namespace titan::cost
