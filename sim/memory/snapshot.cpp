#include "sim/memory/snapshot.h"

#include <algorithm>

namespace titan::memory {
namespace {

BlockState state_of(const Block& block) {
  if (block.is_idle()) return BlockState::cached;
  return block.allocated ? BlockState::allocated : BlockState::pending;
}

void append(SegmentInfo& segment, const Block& block) {
  const BlockState state = state_of(block);
  const uint64_t requested = state == BlockState::cached ? 0 : block.requested_bytes;
  segment.blocks.push_back({block.address, block.size, requested, state});
  segment.total_bytes += block.size;
  if (state == BlockState::allocated) segment.allocated_bytes += block.size;
  if (state != BlockState::cached) segment.active_bytes += block.size;
  segment.requested_bytes += requested;
}

SegmentInfo segment_from(const BlockTable& blocks, BlockId first) {
  const Block& head = blocks[first];
  SegmentInfo segment;
  segment.address = head.address;
  segment.stream = head.stream;
  segment.small = head.small;
  segment.expandable = head.is_expandable();
  for (BlockId id = first; id != kNoBlock && blocks[id].mapped; id = blocks[id].next) append(segment, blocks[id]);
  return segment;
}

}  // namespace

std::vector<SegmentInfo> take_snapshot(const Heap& heap) {
  const BlockTable& blocks = heap.blocks;
  std::vector<SegmentInfo> segments;
  for (BlockId id = 0; id < blocks.size(); ++id) {
    if (!blocks.contains(id) || !blocks[id].mapped) continue;
    const BlockId prev = blocks[id].prev;
    if (prev == kNoBlock || !blocks[prev].mapped) segments.push_back(segment_from(blocks, id));
  }
  std::sort(segments.begin(), segments.end(),
            [](const SegmentInfo& a, const SegmentInfo& b) { return a.address < b.address; });
  return segments;
}

}  // namespace titan::memory
