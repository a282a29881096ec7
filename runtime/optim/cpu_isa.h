#pragma once

#include <vector>

namespace titan::optim {

/// Instruction sets that the CPU kernels of this directory are compiled for, in rising order. The binary is built for
/// the first.
enum class CpuIsa { baseline, avx2, avx512 };

/// Gives the widest one that this processor runs.
CpuIsa best_cpu_isa();

/// Gives all that this processor runs.
std::vector<CpuIsa> supported_cpu_isas();

}  // namespace titan::optim
