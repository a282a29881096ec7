#pragma once

#include <vector>

namespace titan::ops {

/// Instruction sets that CPU kernels are compiled for (runtime/ops/vector_loops.h), in rising order. The binary is
/// built for the first.
enum class CpuIsa { baseline, avx2, avx512 };

/// Gives the widest one that this processor runs.
CpuIsa best_cpu_isa();

/// Gives all that this processor runs.
std::vector<CpuIsa> supported_cpu_isas();

}  // namespace titan::ops
