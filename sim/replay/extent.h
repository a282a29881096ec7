#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::replay {

/// How much a trace holds, so that replay allocates nothing on its way.
struct Extent {
  explicit Extent(const trace::Trace& trace);

  std::array<size_t, trace::kMaxStreams> queued = {};  // device work, events recorded and waited for, by stream
  size_t num_communications = 0;                       // a batch is one
  size_t num_transfers = 0;                            // each collective is one
  /// Pieces of device work per top-level scope, from number 1 on; those outside of any first. An empty batch is none.
  std::vector<size_t> work_of_step{0};
  /// The nodes at which top-level scopes begin and end, in turn.
  std::vector<size_t> step_bounds;
};

}  // namespace titan::replay
