#pragma once

#include <cstdint>

#include "sim/memory/allocator_options.h"

namespace titan::sim {

/// What is recorded besides the operators' shapes: what the kernels of a GPU do with memory. The default is our runtime
/// with LibTorch 2.11 on CUDA.
struct DeviceOptions {
  memory::AllocatorOptions memory = {};  // capacity_bytes 0: memory without end
  bool kernel_workspaces = true;         // memory that kernels allocate and free while they run (operators.cpp)
  /// Bytes that the first matrix product on a stream allocates and nothing frees (cuBLAS: 32 MiB on Hopper and
  /// Blackwell, 8.125 MiB before; ATen/cuda/CublasHandlePool.cpp).
  uint64_t matmul_workspace_bytes = 0;
  bool fused_rms_norm = true;  // one kernel each way, as LibTorch from 2.8 has on CUDA; else its composite
};

/// What the kernels of a CPU allocate: nothing that outlives an operator or shows beside its results.
inline DeviceOptions host_kernels() { return {.kernel_workspaces = false, .fused_rms_norm = false}; }

}  // namespace titan::sim
