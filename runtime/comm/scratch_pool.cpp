#include "runtime/comm/scratch_pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

namespace titan::comm {
namespace {

constexpr size_t kAlignment = 64;
// Below this the system allocator itself recycles; above, it returns pages to the kernel.
constexpr size_t kSmallestKept = 64 << 10;
constexpr size_t kMostKept = size_t{512} << 20;

/// Rounds up to one of eight sizes per power of two, so that buffers of nearly equal size replace each other.
size_t size_class(size_t bytes) {
  const size_t step = std::max(kAlignment, std::bit_ceil(bytes) / 16);
  return (bytes + step - 1) / step * step;
}

}  // namespace

Scratch& Scratch::operator=(Scratch&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  data_ = std::exchange(other.data_, nullptr);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void Scratch::release() {
  if (data_) pool_->give_back({std::exchange(data_, nullptr), capacity_});
}

ScratchPool::~ScratchPool() {
  for (const Block& block : free_) std::free(block.data);
}

Scratch ScratchPool::borrow(int64_t bytes) {
  const size_t capacity = size_class(std::max<size_t>(static_cast<size_t>(bytes), 1));
  if (capacity >= kSmallestKept) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(free_.rbegin(), free_.rend(), [&](const Block& b) { return b.capacity == capacity; });
    if (found != free_.rend()) {
      const Block block = *found;
      free_.erase(std::next(found).base());
      free_bytes_ -= capacity;
      return Scratch(this, block.data, capacity);
    }
  }
  void* data = std::aligned_alloc(kAlignment, capacity);
  if (!data) throw std::bad_alloc();
  return Scratch(this, static_cast<std::byte*>(data), capacity);
}

void ScratchPool::give_back(Block block) {
  if (block.capacity < kSmallestKept || block.capacity > kMostKept) return std::free(block.data);
  const std::lock_guard lock(mutex_);
  free_.push_back(block);
  free_bytes_ += block.capacity;
  while (free_bytes_ > kMostKept) {
    free_bytes_ -= free_.front().capacity;
    std::free(free_.front().data);
    free_.erase(free_.begin());
  }
}

}  // namespace titan::comm
