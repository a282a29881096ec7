#pragma once

namespace titan::sim {

/// Makes LibTorch's PrivateUse1 the device "sim": tensors with shapes and no data, whose operators are recorded in the
/// trace of the rank behind their device index (device_table.h). Makes it the process's accelerator, so call it only
/// where a simulated platform is built, never beside CUDA. Idempotent, thread-safe.
void register_sim_device();

}  // namespace titan::sim
