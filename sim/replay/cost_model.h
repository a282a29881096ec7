#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/trace/descriptor.h"

namespace titan::replay {

/// Where a duration comes from, best first.
enum class Evidence : uint8_t { measured, interpolated, model, roofline };
inline constexpr int kNumEvidences = 4;

/// A duration and how well it is known.
struct Cost {
  double seconds = 0.0;
  Evidence evidence = Evidence::roofline;
};

/// Where bytes leave and enter a GPU; each direction is its own.
enum class Port : uint8_t { link_out, link_in, network_out, network_in };
inline constexpr size_t kNumPorts = 4;
/// Share of each port's bandwidth that a communication takes while it runs alone, 0 to 1.
using PortLoads = std::array<double, kNumPorts>;

/// What a communication costs, and what others that run meanwhile find less.
struct CommunicationCost {
  double seconds = 0.0;
  Evidence evidence = Evidence::roofline;
  PortLoads loads = {};
};

/// Prices device operations and the host's work on one kind of machine. Pure: equal arguments give equal costs.
class CostModel {
 public:
  virtual ~CostModel() = default;

  /// Time of one operation running alone: on the device, of class copy on the link, of class host on the host.
  virtual Cost op(const trace::OpDescriptor& op) const = 0;
  /// Host time to issue one operation (framework and launch).
  virtual double issue_s(const trace::OpDescriptor& op) const = 0;
  /// Host time to issue one collective or transfer, those of a batch included.
  virtual double communication_issue_s() const = 0;
  /// Host time of recording an event or making a stream wait.
  virtual double event_s() const = 0;
  /// Factor (at least 1) by which an operation slows down while communication runs on `num_communications` streams and
  /// holds part of the device.
  virtual double interference(const trace::OpDescriptor& op, int num_communications) const = 0;
};

/// Prices communication among ranks of one cluster.
class NetworkModel {
 public:
  virtual ~NetworkModel() = default;

  /// Time from the last member's arrival to the end.
  virtual CommunicationCost collective(const trace::CollectiveDescriptor& collective,
                                       const trace::Group& group) const = 0;
  /// The same for a transfer between two global ranks; the loads are those of the sender's ports out and the receiver's
  /// in.
  virtual CommunicationCost transfer(const trace::TransferDescriptor& transfer, int32_t from, int32_t to) const = 0;
};

}  // namespace titan::replay
