#pragma once

#include <cstdint>

#include "sim/memory/block_table.h"

namespace titan::memory {

/// The events that the allocator records when a block is freed that was used on other streams. The allocator asks in
/// the order in which it recorded, per stream, at every malloc, as PyTorch polls cudaEventQuery.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// Records an event behind everything queued on `stream` so far.
  virtual uint64_t record(StreamId stream) = 0;
  /// Whether the stream has passed the event.
  virtual bool completed(uint64_t event) = 0;
  /// The host waits until the stream has passed the event.
  virtual void synchronize(uint64_t event) = 0;
};

/// A device that is never behind the host: all events are complete at the first question.
class CompletedEvents final : public EventSource {
 public:
  uint64_t record(StreamId) override { return 0; }
  bool completed(uint64_t) override { return true; }
  void synchronize(uint64_t) override {}
};

}  // namespace titan::memory
