#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Outlives the scope in which it was allocated.
inline constexpr std::string_view kActivations = "activations";
inline constexpr std::string_view kTemporary = "temporary";

/// Gives every storage of a well-formed trace that nobody tagged (kUntagged) a category by when it comes and goes:
/// gradients if a scope "backward" leaves it behind, logits_and_loss if what is computed from it is, activations if it
/// outlives the innermost scope of its allocation, else temporary. What is tagged optimizer and freed again becomes
/// temporary. The tags are those of runtime/platform/memory_category.h.
void assign_categories(Trace& trace);

/// The largest sum of bytes, as requested, that is alive at once among nodes [begin, end): when it first is, and of
/// what it consists.
struct MemoryPeak {
  size_t node = 0;
  uint64_t total_bytes = 0;
  std::vector<uint64_t> bytes;  // by category of the trace; their sum is the total
};
MemoryPeak find_memory_peak(const Trace& trace, size_t begin, size_t end);

}  // namespace titan::trace
