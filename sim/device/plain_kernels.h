#pragma once

namespace titan::sim {

/// Registers kernels of device "sim" for what makes, views and resizes tensors, for what must not be taken apart, and
/// for what must not happen on the device. They live until the process ends. Call once.
void register_kernels();

}  // namespace titan::sim
