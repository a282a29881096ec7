#pragma once

#include "estimator/hardware/gpu_spec.h"
#include "sim/replay/cost_model.h"

namespace titan::cost {

/// Prices an operation bound by memory traffic, without the kernel's fixed time: its bytes at hbm_tb_s times efficiency
/// times the share of its size's step times its operator's relative rate; roofline where its FLOPs on the vector units
/// take longer. Source of steps: Calculon's 0.9, 0.75, 0.6, 0.3 of the bandwidth at 100, 10, 1 and below 1 MB, measured
/// with caches as they are; between them the share is read along straight lines over the logarithm of the size, so time
/// grows with bytes.
replay::Cost memory_time(const hardware::GpuSpec& gpu, const trace::OpDescriptor& op);

}  // namespace titan::cost
