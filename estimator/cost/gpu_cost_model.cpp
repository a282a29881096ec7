#include "estimator/cost/gpu_cost_model.h"

#include <algorithm>
#include <cmath>

#include "estimator/cost/attention_cost.h"
#include "estimator/cost/gemm_cost.h"
#include "estimator/cost/memory_cost.h"
#include "estimator/hardware/units.h"
#include "runtime/config/config_error.h"

namespace titan::cost {
namespace {

using trace::OpClass;
using trace::OpDescriptor;

using hardware::kMicro;

/// Computes in less than 4 bytes, writes 4 per element.
bool accumulates_float32(const OpDescriptor& op) {
  const bool narrow = op.dtype == "bfloat16" || op.dtype == "float16" || op.dtype.starts_with("float8");
  const double elements = static_cast<double>(op.extents[0] * op.extents[1] * op.extents[2]);
  return narrow && op.bytes_written >= 4 * elements;
}

}  // namespace

GpuCostModel::GpuCostModel(const hardware::Machine& machine, const Deviations& deviations)
    : gpu_(machine.gpu), software_(machine.software), deviations_(deviations) {
  const std::string& backend = software_.attention_backend(gpu_.architecture);
  if (!has_attention(gpu_, backend)) {
    throw config::ConfigError("attention." + gpu_.architecture,
                              "is '" + backend + "' (" + software_.file.string() +
                                  "), of which attention.curves has no forward row (" + gpu_.file.string() + ")");
  }
}

replay::Cost GpuCostModel::price_matmul(const OpDescriptor& op) const {
  const GemmTime time = gemm_time(gpu_, {.dtype = op.dtype,
                                         .batch = static_cast<double>(op.extents[0]),
                                         .m = static_cast<double>(op.extents[1]),
                                         .n = static_cast<double>(op.extents[2]),
                                         .k = static_cast<double>(op.extents[3]),
                                         .accumulates_float32 = accumulates_float32(op)});
  return {.seconds = time.seconds, .evidence = time.evidence};
}

replay::Cost GpuCostModel::price_attention(const OpDescriptor& op) const {
  const AttentionTime time = attention_time(gpu_, {.backend = software_.attention_backend(gpu_.architecture),
                                                   .dtype = op.dtype,
                                                   .batch = static_cast<double>(op.extents[0]),
                                                   .query_heads = static_cast<double>(op.extents[1]),
                                                   .key_heads = static_cast<double>(op.extents[2]),
                                                   .queries = static_cast<double>(op.extents[3]),
                                                   .keys = static_cast<double>(op.extents[4]),
                                                   .head_size = static_cast<double>(op.extents[5]),
                                                   .causal = op.is_causal,
                                                   .backward = op.name.find("backward") != std::string::npos});
  return {.seconds = time.seconds, .evidence = time.evidence};
}

GpuCostModel::Parts GpuCostModel::price(const OpDescriptor& op) const {
  const auto parts = [this](const replay::Cost& work, ErrorSource source, const hardware::ByEvidence& deviation) {
    return Parts{.work_s = work.seconds,
                 .fixed_s = gpu_.memory.kernel_us * kMicro,
                 .deviation = deviation.of(work.evidence),
                 .source = source,
                 .evidence = work.evidence};
  };
  switch (op.op_class) {
    case OpClass::matmul:
      return parts(price_matmul(op), ErrorSource::gemm, gpu_.deviation.gemm);
    case OpClass::attention:
      return parts(price_attention(op), ErrorSource::attention, gpu_.deviation.attention);
    case OpClass::memory:
      return parts(memory_time(gpu_, op), ErrorSource::memory, gpu_.deviation.memory);
    case OpClass::copy:
      return price_copy(op);
    case OpClass::host:
      return price_host_work(op);
    case OpClass::tiny:
      break;
  }
  return {.fixed_s = gpu_.memory.kernel_us * kMicro};
}

// What crosses the link is read on one side and written on the other.
GpuCostModel::Parts GpuCostModel::price_copy(const OpDescriptor& op) const {
  return {.work_s = op.bytes_written / hardware::host_copy_rate(gpu_),
          .fixed_s = gpu_.memory.kernel_us * kMicro,
          .deviation = gpu_.deviation.host_link,
          .on_device = false,
          .source = ErrorSource::link};
}

GpuCostModel::Parts GpuCostModel::price_host_work(const OpDescriptor& op) const {
  return {.work_s = (op.bytes_read + op.bytes_written) / hardware::host_work_rate(gpu_),
          .deviation = gpu_.deviation.host_memory,
          .on_device = false,
          .source = ErrorSource::host};
}

replay::Cost GpuCostModel::op(const OpDescriptor& op) const {
  const Parts parts = price(op);
  const double work = parts.work_s * deviations_.factor(parts.source, parts.deviation);
  const double fixed = parts.fixed_s * deviations_.factor(ErrorSource::kernel, gpu_.deviation.kernel);
  return {
      .seconds = (work + fixed) * deviations_.factor(ErrorSource::part, parts.on_device ? gpu_.deviation.part : 0.0),
      .evidence = parts.evidence};
}

PerSource GpuCostModel::relative_deviation(const OpDescriptor& op) const {
  const Parts parts = price(op);
  const double all_s = parts.work_s + parts.fixed_s, work_share = all_s > 0 ? parts.work_s / all_s : 0;
  PerSource deviation = {};
  deviation[static_cast<size_t>(ErrorSource::part)] = parts.on_device ? gpu_.deviation.part : 0;
  deviation[static_cast<size_t>(ErrorSource::kernel)] = (1 - work_share) * gpu_.deviation.kernel;
  deviation[static_cast<size_t>(parts.source)] += work_share * parts.deviation;
  return deviation;
}

double GpuCostModel::issue_s(const OpDescriptor& op) const {
  const double launch_us = op.op_class == OpClass::host ? 0.0 : software_.host.launch_us;
  return (software_.host.op_us + launch_us) * kMicro * deviations_.factor(ErrorSource::host, software_.deviation.host);
}

double GpuCostModel::communication_issue_s() const {
  return software_.host.communication_us * kMicro * deviations_.factor(ErrorSource::host, software_.deviation.host);
}

double GpuCostModel::event_s() const {
  return software_.host.event_us * kMicro * deviations_.factor(ErrorSource::host, software_.deviation.host);
}

double GpuCostModel::interference(const OpDescriptor& op, int num_communications) const {
  constexpr double kMostHeld = 0.5;  // concurrent collectives wait for each other before they take more
  if (num_communications <= 0 || op.op_class >= OpClass::tiny) return 1;
  const double each = op.op_class == OpClass::memory
                          ? gpu_.interference.memory_share
                          : gpu_.interference.sms_per_communication / static_cast<double>(gpu_.num_sms);
  return 1 / (1 - std::min(kMostHeld, num_communications * each));
}

}  // namespace titan::cost
