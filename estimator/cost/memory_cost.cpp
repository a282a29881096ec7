#include "estimator/cost/memory_cost.h"

#include <algorithm>

#include "estimator/cost/curve.h"
#include "estimator/hardware/units.h"

namespace titan::cost {

replay::Cost memory_time(const hardware::GpuSpec& gpu, const trace::OpDescriptor& op) {
  using hardware::kTera;
  const double bytes = op.bytes_read + op.bytes_written;

  double rate = gpu.peak.hbm_tb_s * kTera * gpu.memory.efficiency * at(gpu.memory.size_steps, bytes);
  for (const auto& known : gpu.memory.op_rates) {
    if (known.name == op.name) rate *= known.rate;
  }
  const double move_s = bytes / rate, compute_s = op.flops / (gpu.peak.float32_tflops * kTera);
  return move_s >= compute_s ? replay::Cost{move_s, replay::Evidence::model}
                             : replay::Cost{compute_s, replay::Evidence::roofline};
}

}  // namespace titan::cost
