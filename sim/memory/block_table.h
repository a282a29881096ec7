#pragma once

#include <cstdint>
#include <vector>

namespace titan::memory {

/// Names a block; valid from malloc to free.
using BlockId = uint32_t;
inline constexpr BlockId kNoBlock = ~BlockId{0};

/// A stream of the device: a small number that the caller deals out from 0.
using StreamId = uint32_t;
inline constexpr StreamId kMaxStreams = 64;

inline constexpr uint32_t kNativeSegment = ~uint32_t{0};

/// A contiguous range of a segment. The blocks of a segment form a list in address order without gaps.
struct alignas(64) Block {
  uint64_t address = 0;
  uint64_t size = 0;  // 0: this entry of the table is unused
  uint64_t requested_bytes = 0;
  uint64_t stream_uses = 0;     // bit s: used on stream s since malloc, which is not the block's own
  int64_t searches_before = 0;  // the pool's num_searches when the block was cached: its age for garbage collection
  BlockId prev = kNoBlock;
  BlockId next = kNoBlock;
  uint32_t expandable_segment = kNativeSegment;
  uint8_t stream = 0;
  uint8_t num_events = 0;  // a freed block waits for so many events
  bool small = false;      // which pool
  bool allocated = false;
  bool mapped = true;  // false: address space of an expandable segment without memory

  bool is_split() const { return prev != kNoBlock || next != kNoBlock; }
  bool is_idle() const { return !allocated && num_events == 0; }
  bool is_expandable() const { return expandable_segment != kNativeSegment; }
};
static_assert(sizeof(Block) == 64);

/// Owns all blocks in one vector; ids of erased blocks are used again. create() invalidates references to blocks.
class BlockTable {
 public:
  Block& operator[](BlockId id) { return blocks_[id]; }
  const Block& operator[](BlockId id) const { return blocks_[id]; }
  /// One more than the largest id ever given out.
  BlockId size() const { return static_cast<BlockId>(blocks_.size()); }
  bool contains(BlockId id) const { return id < blocks_.size() && blocks_[id].size != 0; }

  BlockId create(const Block& block) {
    if (unused_.empty()) {
      blocks_.push_back(block);
      return size() - 1;
    }
    const BlockId id = unused_.back();
    unused_.pop_back();
    blocks_[id] = block;
    return id;
  }

  /// Creates a block and links it in the list just before `next`.
  BlockId create_before(BlockId next, const Block& block) { return create_between(blocks_[next].prev, next, block); }

  /// Creates a block and links it in the list just after `prev`.
  BlockId create_after(BlockId prev, const Block& block) { return create_between(prev, blocks_[prev].next, block); }

  /// Erases a block and links its neighbours.
  void erase(BlockId id) {
    Block& block = blocks_[id];
    if (block.prev != kNoBlock) blocks_[block.prev].next = block.next;
    if (block.next != kNoBlock) blocks_[block.next].prev = block.prev;
    block.size = 0;
    block.allocated = false;
    unused_.push_back(id);
  }

 private:
  BlockId create_between(BlockId prev, BlockId next, const Block& block) {
    const BlockId id = create(block);
    blocks_[id].prev = prev;
    blocks_[id].next = next;
    if (prev != kNoBlock) blocks_[prev].next = id;
    if (next != kNoBlock) blocks_[next].prev = id;
    return id;
  }

  std::vector<Block> blocks_;
  std::vector<BlockId> unused_;
};

}  // namespace titan::memory
