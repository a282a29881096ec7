#pragma once

#include <string_view>

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

}  // namespace titan::trace
