#include "estimator/cost/memory_cost.h"

#include <algorithm>

#include "estimator/cost/curve.h"

namespace titan::cost {

double memory_time(const hardware::GpuSpec& gpu, const trace::OpDescriptor& op) {
  constexpr double kTera = 1e12;
  const double bytes = op.bytes_read + op.bytes_written;
  if (bytes == 0) return 0;
  double rate = gpu.peak.hbm_tb_s * kTera * gpu.memory.efficiency * at(gpu.memory.size_steps, bytes);
  for (const auto& known : gpu.memory.op_rates) {
    if (known.name == op.name) rate *= known.rate;
  }
  return std::max(bytes / rate, op.flops / (gpu.peak.float32_tflops * kTera));
}

}  // namespace titan::cost
