#pragma once

#include <memory>

#include "sim/memory/heap.h"

namespace titan::memory {

/// A mode of the allocator: how the heap takes memory from the device and gives it back, and how blocks are chosen and
/// cut. All methods leave every idle block on exactly one list of the heap.
class Segments {
 public:
  virtual ~Segments() = default;
  /// The cached block that serves a request of `size` bytes, or end: then the heap grows.
  virtual FreeList::Cursor best_fit(const FreeList& cached, uint64_t size) const = 0;
  /// Whether the part of `block` behind its first `size` bytes becomes a block of its own.
  virtual bool splits(const Block& block, uint64_t size) const = 0;
  /// A block of at least request.size bytes that is on no list, or kNoBlock if the device has not enough.
  virtual BlockId grow(const Request& request) = 0;
  /// Called before the heap grows when garbage_collection_threshold is set: may release blocks that were not used for
  /// long.
  virtual void collect_garbage() = 0;
  /// Releases the oversize blocks that make room for the request; whether it did.
  virtual bool release_oversize(const Request& request) = 0;
  /// Releases all cached blocks of the pool that can be.
  virtual void release_cached(Pool& pool) = 0;
};

/// The mode that heap.options asks for. The heap must outlive it.
std::unique_ptr<Segments> make_segments(Heap& heap);

}  // namespace titan::memory
