#pragma once

#include "runtime/platform/memory_category.h"
#include "runtime/platform/platform.h"

namespace titan::platform {

/// Says what the memory is for that is allocated until the scope ends; the innermost scope counts. Predictions and
/// profiles sum memory up by it; it changes nothing else.
inline Scope attribute(Platform& platform, MemoryCategory category) {
  return platform.annotate(kMemoryScopes[static_cast<size_t>(category)]);
}

}  // namespace titan::platform
