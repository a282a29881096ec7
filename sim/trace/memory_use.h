#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::trace {

/// What a storage is for. The first five are runtime/platform/memory_category.h's, in its order.
enum class MemoryUse : uint8_t {
  parameters,
  gradients,
  optimizer,
  fsdp_buffers,
  logits_and_loss,
  activations,  // outlives the scope that it was allocated in
  temporary,
};
inline constexpr int kNumMemoryUses = 7;
std::string_view to_text(MemoryUse use);

/// Tells for every storage of a well-formed trace what it is for: the innermost open memory scope at its allocation
/// decides, with three exceptions. What the optimizer frees before its scope ends is temporary. What backward leaves
/// behind is gradients. What the loss reads, and nobody claims, is logits_and_loss.
std::vector<MemoryUse> find_memory_uses(const Trace& trace);

/// Bytes as requested by use.
using BytesByUse = std::array<uint64_t, kNumMemoryUses>;

/// The largest sum of bytes that is alive at once among nodes [begin, end), when it first is, and what it consists of.
struct MemoryPeak {
  size_t node = 0;
  uint64_t total_bytes = 0;
  BytesByUse bytes = {};
};
MemoryPeak find_memory_peak(const Trace& trace, const std::vector<MemoryUse>& uses, size_t begin, size_t end);

}  // namespace titan::trace
