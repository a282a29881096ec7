#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace titan::platform {

/// What memory is for, where that does not follow from when it comes and goes.
enum class MemoryCategory { parameters, gradients, optimizer, fsdp_buffers, logits_and_loss };
inline constexpr int kNumMemoryCategories = 5;

/// Begins the name of a scope (Platform::annotate) that says what the memory allocated in it is for.
inline constexpr std::string_view kMemoryScopePrefix = "memory.";
inline constexpr std::array<std::string_view, kNumMemoryCategories> kMemoryScopes{
    "memory.parameters", "memory.gradients", "memory.optimizer", "memory.fsdp_buffers", "memory.logits_and_loss"};

/// "parameters"
inline std::string_view to_text(MemoryCategory category) {
  return kMemoryScopes[static_cast<size_t>(category)].substr(kMemoryScopePrefix.size());
}

}  // namespace titan::platform
