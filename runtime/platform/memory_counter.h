#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace c10 {
struct Allocator;
}

namespace titan::platform {

/// Counts the bytes of CPU tensors charged to one rank. Lives until its last tensor is freed, whoever holds the handle.
/// Thread-safe.
class MemoryCounter {
 public:
  int64_t allocated_bytes() const { return allocated_.load(std::memory_order_relaxed); }
  /// Returns the most bytes allocated at once since the previous call.
  int64_t take_peak_bytes();

 private:
  friend class CountingAllocator;
  friend std::shared_ptr<MemoryCounter> make_memory_counter();

  MemoryCounter() = default;
  void add(int64_t bytes);
  void subtract(int64_t bytes);
  void release();

  std::atomic<int64_t> allocated_{0};
  std::atomic<int64_t> peak_{0};
  std::atomic<int64_t> num_owners_{1};  // live allocations, and one for the handle
};

std::shared_ptr<MemoryCounter> make_memory_counter();

/// Makes ATen count CPU memory: each allocation is charged to the counter of the allocating thread and, whoever frees
/// it, taken from the same counter. Costs 64 bytes and two atomic additions per allocation. Call before ranks start;
/// later calls do nothing.
void install_counting_allocator();
bool counting_allocator_installed();

/// Wraps `base`, which must support raw allocation, as install_counting_allocator does; the result is never destroyed.
c10::Allocator* make_counting_allocator(c10::Allocator* base);

/// The counter of threads that belong to no ChargeMemory scope.
const std::shared_ptr<MemoryCounter>& process_memory_counter();

/// Charges what the calling thread allocates to `counter` until the scope ends. Scopes nest.
class ChargeMemory {
 public:
  explicit ChargeMemory(std::shared_ptr<MemoryCounter> counter);
  ChargeMemory(const ChargeMemory&) = delete;
  ChargeMemory& operator=(const ChargeMemory&) = delete;
  ~ChargeMemory();

 private:
  std::shared_ptr<MemoryCounter> counter_;
  MemoryCounter* before_;
};

}  // namespace titan::platform
