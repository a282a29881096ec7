#include "estimator/cost/curve.h"

#include <cmath>

namespace titan::cost {

double at(const hardware::Curve& curve, double size) {
  if (size <= curve.front().first) return curve.front().second;
  for (size_t i = 1; i < curve.size(); ++i) {
    const auto& [left, low] = curve[i - 1];
    const auto& [right, high] = curve[i];
    if (size > right) continue;
    return low + (high - low) * std::log(size / left) / std::log(right / left);
  }
  return curve.back().second;
}

}  // namespace titan::cost
