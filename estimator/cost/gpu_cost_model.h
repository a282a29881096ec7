#pragma once

#include "estimator/cost/uncertainty.h"
#include "estimator/hardware/machine.h"
#include "sim/replay/cost_model.h"

namespace titan::cost {

/// Prices what one GPU and its host do, from a machine's files. Operators are told apart by OpDescriptor::op_class;
/// attention runs backward if its name contains "backward", a matmul accumulates in float32 if it computes in a
/// narrower type and writes 4 bytes per element of its result. Copies between device and host, and the host's own work,
/// are priced by their bytes; the host's errors are those of the link inside a node and of the host. Throws ConfigError
/// where the hardware file lacks what the software's attention needs.
class GpuCostModel : public replay::CostModel {
 public:
  explicit GpuCostModel(const hardware::Machine& machine, const Deviations& deviations = {});

  replay::Cost op(const trace::OpDescriptor& op) const override;
  double issue_s(const trace::OpDescriptor& op) const override;
  double communication_issue_s() const override;
  double event_s() const override;
  /// A collective holds multiprocessors (compute slows down by their share) and memory bandwidth. Source of the sizes:
  /// Calculon's 15 % under NVLink traffic.
  /// Copies and the host's work are disturbed by nothing.
  double interference(const trace::OpDescriptor& op, int num_communications) const override;

  /// How well the device time of `op` is known: its relative standard deviation by source.
  PerSource relative_deviation(const trace::OpDescriptor& op) const;

 private:
  /// Device time with its parts told apart. `source` and `deviation` are those of the work.
  struct Parts {
    double work_s = 0, fixed_s = 0, deviation = 0;
    bool on_device = true;  // else the part has no influence
    ErrorSource source = ErrorSource::kernel;
    replay::Evidence evidence = replay::Evidence::model;
  };
  Parts price(const trace::OpDescriptor& op) const;
  Parts price_copy(const trace::OpDescriptor& op) const;
  Parts price_host_work(const trace::OpDescriptor& op) const;
  replay::Cost price_matmul(const trace::OpDescriptor& op) const;
  replay::Cost price_attention(const trace::OpDescriptor& op) const;

  hardware::GpuSpec gpu_;
  hardware::SoftwareSpec software_;
  Deviations deviations_;
};

}  // namespace titan::cost
