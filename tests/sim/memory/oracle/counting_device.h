#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace titan::memory {

/// Streams of the comparison; handles are small numbers that CUDA could have given out.
inline constexpr uint32_t kNumStreams = 3;

/// The device behind the CUDA entry points of counting_cuda.cpp: it counts bytes, deals out addresses and knows how far
/// each stream has come.
struct CountingDevice {
  uint64_t capacity_bytes = 0;
  uint64_t other_bytes = 0;
  uint64_t held_bytes = 0;
  uint64_t next_address = uint64_t{1} << 40;
  int current_device = 0;

  std::array<uintptr_t, kNumStreams> stream_handles = {};
  std::array<uint64_t, kNumStreams> events_recorded = {};
  std::array<uint64_t, kNumStreams> events_completed = {};

  std::unordered_map<uint64_t, uint64_t> allocation_bytes;  // by address, or by mapping handle
  struct Event {
    uint32_t stream = 0;
    uint64_t number = 0;  // of the stream's events
  };
  std::vector<Event> events;

  bool take(uint64_t bytes);
  uint64_t reserve_addresses(uint64_t bytes);
};

/// The process's device: C entry points can reach no other.
CountingDevice& counting_device();

}  // namespace titan::memory
