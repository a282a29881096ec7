#pragma once

#include <cstdint>
#include <string_view>

namespace titan::trace {

inline constexpr std::string_view kMagic = "titan trace\n";

/// Unsigned numbers near zero for numbers near zero of either sign.
inline uint64_t zigzag(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63); }
inline int64_t unzigzag(uint64_t bits) { return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1); }

}  // namespace titan::trace
