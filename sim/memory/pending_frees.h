#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/memory/event_source.h"
#include "sim/memory/heap.h"

namespace titan::memory {

/// Freed blocks that other streams may still use: each waits for one event per such stream. Streams are polled in order
/// of their ids (PyTorch: of a hash), each until its first event that is not complete.
class PendingFrees {
 public:
  PendingFrees(Heap& heap, EventSource& events) : heap_(heap), events_(events) {}

  bool empty() const { return num_pending_ == 0; }

  /// Records events for block.stream_uses and clears them.
  void add(BlockId id);

  /// Calls `release(id)` for each block whose last event is found complete.
  template <class Release>
  void poll(Release release) {
    for (std::deque<Wait>& waits : waits_) {
      while (!waits.empty() && events_.completed(waits.front().event)) {
        const BlockId id = waits.front().block;
        waits.pop_front();
        settle(id, release);
      }
    }
  }

  /// Waits for all events and calls `release(id)` for each block.
  template <class Release>
  void synchronize(Release release) {
    for (std::deque<Wait>& waits : waits_) {
      for (; !waits.empty(); waits.pop_front()) {
        events_.synchronize(waits.front().event);
        settle(waits.front().block, release);
      }
    }
  }

 private:
  struct Wait {
    uint64_t event;
    BlockId block;
  };

  template <class Release>
  void settle(BlockId id, Release& release) {
    --num_pending_;
    if (--heap_.blocks[id].num_events == 0) release(id);
  }

  Heap& heap_;
  EventSource& events_;
  std::vector<std::deque<Wait>> waits_;  // per stream
  size_t num_pending_ = 0;
};

}  // namespace titan::memory
