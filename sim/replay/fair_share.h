#pragma once

#include <vector>

namespace titan::replay {

/// Divides one port among those who want `loads` of it (each 0 to 1): whoever wants less than an equal share gets what
/// it wants, the rest is divided equally (max-min fairness). Returns the most that one gets; at least the largest load
/// where all fit. Sorts `loads`.
double fair_share(std::vector<double>& loads);

}  // namespace titan::replay
