#pragma once

namespace titan::hardware {

// What the units in the names of keys stand for.
inline constexpr double kMicro = 1e-6, kGiga = 1e9, kTera = 1e12;
inline constexpr double kMebi = 1024.0 * 1024.0, kGibi = 1024.0 * kMebi;

}  // namespace titan::hardware
