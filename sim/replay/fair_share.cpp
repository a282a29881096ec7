#include "sim/replay/fair_share.h"

#include <algorithm>

namespace titan::replay {

double fair_share(std::vector<double>& loads) {
  std::sort(loads.begin(), loads.end());
  double left = 1.0;
  for (size_t i = 0; i < loads.size(); ++i) {
    const double equal = left / static_cast<double>(loads.size() - i);
    if (loads[i] > equal) return equal;
    left -= loads[i];
  }
  return 1.0;
}

}  // namespace titan::replay
