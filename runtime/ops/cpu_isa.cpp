#include "runtime/ops/cpu_isa.h"

namespace titan::ops {

CpuIsa best_cpu_isa() { return supported_cpu_isas().back(); }

std::vector<CpuIsa> supported_cpu_isas() {
  std::vector<CpuIsa> isas{CpuIsa::baseline};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v3")) isas.push_back(CpuIsa::avx2);
  if (__builtin_cpu_supports("x86-64-v4")) isas.push_back(CpuIsa::avx512);
#endif
  return isas;
}

}  // namespace titan::ops
