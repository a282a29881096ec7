#pragma once

#include <vector>

#include "sim/memory/segments.h"

namespace titan::memory {

/// Address space larger than the device, per stream and pool, that is mapped page by page as it is needed
/// (PYTORCH_ALLOC_CONF=expandable_segments:True).
class ExpandableSegments final : public Segments {
 public:
  explicit ExpandableSegments(Heap& heap) : heap_(heap) {}

  FreeList::Cursor best_fit(const FreeList& cached, uint64_t size) const override;
  bool splits(const Block& block, uint64_t size) const override;
  BlockId grow(const Request& request) override;
  void collect_garbage() override {}  // a segment always keeps unmapped space, so no block of it is ever whole
  bool release_oversize(const Request&) override { return false; }  // all blocks may be split
  void release_cached(Pool& pool) override;

 private:
  /// The lowest place with `size` idle bytes in a row, mapped or not; a new segment if there is none.
  BlockId find_space(const Request& request);
  bool has_space(BlockId id, uint64_t size) const;
  BlockId reserve_segment(const Request& request);
  /// Maps the first `size` bytes of an unmapped block, rounded up to pages, and merges it with its neighbours.
  bool map(BlockId id, uint64_t size);
  /// Unmaps the whole pages in a cached block; what sticks out stays cached.
  void unmap(BlockId id);

  uint64_t base_of(const Block& block) const { return segment_addresses_[block.expandable_segment]; }

  Heap& heap_;
  std::vector<uint64_t> segment_addresses_;
  std::vector<uint32_t> unused_segments_;
};

}  // namespace titan::memory
