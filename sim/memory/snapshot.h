#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/heap.h"

namespace titan::memory {

enum class BlockState { cached, allocated, pending };  // pending: freed, waiting for other streams

struct BlockInfo {
  uint64_t address = 0;
  uint64_t size = 0;
  uint64_t requested_bytes = 0;  // 0 if cached
  BlockState state = BlockState::cached;

  bool operator==(const BlockInfo&) const = default;
};

/// One native segment, or one mapped range of an expandable segment without gaps.
struct SegmentInfo {
  uint64_t address = 0;
  uint64_t total_bytes = 0;
  uint64_t allocated_bytes = 0;
  uint64_t active_bytes = 0;     // allocated or pending
  uint64_t requested_bytes = 0;  // of active blocks
  StreamId stream = 0;
  bool small = false;
  bool expandable = false;
  std::vector<BlockInfo> blocks;  // in order of address

  bool operator==(const SegmentInfo&) const = default;
};

/// All segments in order of address, as torch.cuda.memory_snapshot.
std::vector<SegmentInfo> take_snapshot(const Heap& heap);

}  // namespace titan::memory
