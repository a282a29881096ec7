#pragma once

#include "sim/memory/segments.h"

namespace titan::memory {

/// One cudaMalloc per segment; a segment is released when none of it is in use.
class NativeSegments final : public Segments {
 public:
  explicit NativeSegments(Heap& heap) : heap_(heap) {}

  FreeList::Cursor best_fit(const FreeList& cached, uint64_t size) const override;
  bool splits(const Block& block, uint64_t size) const override;
  BlockId grow(const Request& request) override;
  void collect_garbage() override;
  bool release_oversize(const Request& request) override;
  void release_cached(Pool& pool) override;

 private:
  bool is_oversize(uint64_t size) const { return size >= heap_.options.max_split_bytes; }
  void release(BlockId id);
  std::vector<BlockId> whole_cached_segments(const Pool& pool) const;

  Heap& heap_;
};

}  // namespace titan::memory
