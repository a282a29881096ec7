#include "tests/estimator/shipped.h"

#include <algorithm>

namespace titan::hardware {

std::vector<std::string> shipped(const std::string& kind) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kConfigs / kind)) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Machine isolated(const std::string& hardware) {
  Machine machine = load_machine({.hardware = hardware, .software = "torchtitan-2024-12"}, kConfigs);
  machine.gpu.gemm.rate = 1.0;
  machine.gpu.attention.rate = 1.0;
  return machine;
}

}  // namespace titan::hardware
