#include "sim/memory/pending_frees.h"

#include <bit>

namespace titan::memory {

void PendingFrees::add(BlockId id) {
  Block& block = heap_.blocks[id];
  for (uint64_t uses = block.stream_uses; uses != 0; uses &= uses - 1) {
    const auto stream = static_cast<StreamId>(std::countr_zero(uses));
    if (stream >= waits_.size()) waits_.resize(stream + 1);
    waits_[stream].push_back({events_.record(stream), id});
    ++block.num_events;
    ++num_pending_;
  }
  block.stream_uses = 0;
}

}  // namespace titan::memory
