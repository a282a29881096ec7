#pragma once

#include <cstdint>

namespace titan::replay {

/// Simulated time. Whole numbers, so that the parts of a step sum to it exactly and ties are ties; 10^6 seconds fit.
using Picoseconds = int64_t;
inline constexpr Picoseconds kNever = INT64_MAX;

inline double seconds(Picoseconds time) { return static_cast<double>(time) / 1e12; }

}  // namespace titan::replay
