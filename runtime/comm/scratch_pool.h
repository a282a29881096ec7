#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace titan::comm {

class ScratchPool;

/// Bytes borrowed from a pool; goes back when destroyed. Move-only, empty by default.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&& other) noexcept { *this = static_cast<Scratch&&>(other); }
  Scratch& operator=(Scratch&& other) noexcept;
  ~Scratch() { release(); }

  std::byte* data() const { return data_; }
  explicit operator bool() const { return data_ != nullptr; }
  void release();

 private:
  friend class ScratchPool;
  Scratch(ScratchPool* pool, std::byte* data, size_t capacity) : pool_(pool), data_(data), capacity_(capacity) {}

  ScratchPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  size_t capacity_ = 0;
};

/// Keeps large buffers for the next operation: fresh pages from the system cost more than the copy that fills them. The
/// bytes are no tensor's and are not counted by MemoryStats. Thread-safe; must outlive what it lends.
class ScratchPool {
 public:
  ScratchPool() = default;
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;
  ~ScratchPool();

  /// Lends at least `bytes` bytes (at least one), aligned to 64, with any contents. Throws std::bad_alloc.
  Scratch borrow(int64_t bytes);

 private:
  friend class Scratch;
  struct Block {
    std::byte* data;
    size_t capacity;
  };
  void give_back(Block block);

  std::mutex mutex_;
  std::vector<Block> free_;
  size_t free_bytes_ = 0;
};

}  // namespace titan::comm
