#include "estimator/report/estimate.h"

#include <algorithm>

namespace titan::estimator {

const RoleMemory& fullest(const Estimate& estimate) {
  return *std::max_element(estimate.memory.begin(), estimate.memory.end(), [](const auto& a, const auto& b) {
    return a.device_used_bytes < b.device_used_bytes;
  });
}

}  // namespace titan::estimator
