#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/memory/allocator_options.h"
#include "sim/memory/allocator_stats.h"
#include "sim/memory/block_table.h"
#include "sim/memory/device_memory.h"
#include "sim/memory/free_list.h"

namespace titan::memory {

/// The blocks of one pool that are on no live allocation.
struct StreamBlocks {
  FreeList cached;
  std::vector<BlockId> unmapped;  // in order of address
};

/// Blocks of up to 1 MiB or those above, apart for each stream.
struct Pool {
  bool small = false;
  int64_t num_searches = 0;  // counted only when garbage is collected
  std::vector<StreamBlocks> streams;

  StreamBlocks& of(StreamId stream) {
    if (stream >= streams.size()) streams.resize(stream + 1);
    return streams[stream];
  }
};

/// What malloc looks for.
struct Request {
  uint64_t size = 0;  // rounded
  uint64_t requested_bytes = 0;
  StreamId stream = 0;
  bool small = false;
};

/// The state that all parts of the allocator work on, and the steps that keep it consistent.
class Heap {
 public:
  explicit Heap(const AllocatorOptions& checked)
      : options(checked), device(checked.capacity_bytes, checked.other_bytes) {
    pool(true).small = true;
  }

  Pool& pool(bool small) { return pools_[small]; }
  StreamBlocks& pool_of(const Block& block) { return pools_[block.small].of(block.stream); }

  /// Puts an idle mapped block on its free list.
  void cache(BlockId id) {
    Block& block = blocks[id];
    block.searches_before = pools_[block.small].num_searches;
    pool_of(block).cached.insert({block.size, block.address, id});
  }
  /// Takes a block off its free list.
  void uncache(BlockId id) { pool_of(blocks[id]).cached.erase(blocks[id].size, blocks[id].address); }

  void add_unmapped(BlockId id);
  void remove_unmapped(BlockId id);

  /// Extends block `into`, which is on no list, by its neighbour `from` if that is idle and as mapped as `into`; `from`
  /// is erased. Returns the bytes gained, else 0.
  uint64_t merge(BlockId into, BlockId from) {
    if (from == kNoBlock || !blocks[from].is_idle() || blocks[into].mapped != blocks[from].mapped) return 0;
    blocks[from].mapped ? uncache(from) : remove_unmapped(from);
    const uint64_t gained = blocks[from].size;
    if (blocks[into].prev == from) blocks[into].address = blocks[from].address;
    blocks[into].size += gained;
    blocks.erase(from);
    return gained;
  }

  void reserve(bool small, uint64_t bytes) {
    stats.all.reserved_bytes.increase(bytes);
    stats.pool(small).reserved_bytes.increase(bytes);
    ++stats.num_device_alloc;
  }
  void unreserve(bool small, uint64_t bytes) {
    device.give_back(bytes);
    stats.all.reserved_bytes.decrease(bytes);
    stats.pool(small).reserved_bytes.decrease(bytes);
    ++stats.num_device_free;
  }

  const AllocatorOptions options;
  DeviceMemory device;
  BlockTable blocks;
  AllocatorStats stats;

 private:
  std::array<Pool, 2> pools_;  // large, small
};

}  // namespace titan::memory
