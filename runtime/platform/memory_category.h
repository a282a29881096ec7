#pragma once

#include <array>
#include <string_view>

namespace titan::platform {

/// What memory is for, where that does not follow from when it comes and goes. All else is activations, if it outlives
/// the scope that it comes to life in, or temporary.
enum class MemoryCategory { parameters, gradients, optimizer, fsdp_buffers, logits_and_loss };
inline constexpr int kNumMemoryCategories = 5;

/// Names of the scopes (Platform::annotate) in which memory of a category comes to life.
inline constexpr std::array<std::string_view, kNumMemoryCategories> kMemoryScopes{
    "memory.parameters", "memory.gradients", "memory.optimizer", "memory.fsdp_buffers", "memory.logits_and_loss"};

}  // namespace titan::platform
