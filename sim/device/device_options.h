#pragma once

#include <cstdint>

#include "sim/memory/allocator_options.h"

namespace titan::sim {

/// What computes aten::rms_norm.
enum class RmsNormKernel {
  fused,        // one kernel each way: LibTorch from 2.8 on CUDA
  composite,    // LibTorch's composite, in float32 throughout: before, and on the CPU
  written_out,  // a module that normalises in float32 and scales in the input's dtype: torchtitan of 2024
};

/// What is recorded besides the operators' shapes: what the kernels of a GPU do with memory. The default is our runtime
/// with LibTorch 2.11 on CUDA.
struct DeviceOptions {
  memory::AllocatorOptions memory = {};  // capacity_bytes 0: memory without end
  bool kernel_workspaces = true;         // memory that kernels allocate and free while they run (operators.cpp)
  /// Bytes that the first matrix product on a stream allocates and nothing frees (cuBLAS: 32 MiB on Hopper and
  /// Blackwell, 8.125 MiB before; ATen/cuda/CublasHandlePool.cpp).
  uint64_t matmul_workspace_bytes = 0;
  RmsNormKernel rms_norm = RmsNormKernel::fused;
  bool templates = true;  // calls of units like an earlier one are recorded without being executed
  /// Every how many such calls one is executed all the same and compared; 0: none is.
  int64_t check_templates_every = 0;
};

/// What the kernels of a CPU allocate: nothing that outlives an operator or shows beside its results.
inline DeviceOptions host_kernels() { return {.kernel_workspaces = false, .rms_norm = RmsNormKernel::composite}; }

}  // namespace titan::sim
