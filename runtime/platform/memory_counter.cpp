#include "runtime/platform/memory_counter.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>

#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

namespace titan::platform {
namespace {

thread_local MemoryCounter* charged_counter = nullptr;

/// Stands before every block, in one alignment unit.
struct BlockHeader {
  MemoryCounter* counter;
  int64_t num_bytes;
  void (*free)(void*);
};
static_assert(sizeof(BlockHeader) <= c10::gAlignment);

std::byte* block_of(void* data) { return static_cast<std::byte*>(data) - c10::gAlignment; }

std::once_flag install_once;
std::atomic<bool> installed{false};

}  // namespace

class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator* base) : base_(base) {
    TORCH_CHECK(base->raw_deleter(), "make_counting_allocator: base must support raw allocation");
  }

  c10::DataPtr allocate(size_t num_bytes) override {
    if (num_bytes == 0) return {nullptr, nullptr, &free, c10::Device(c10::DeviceType::CPU)};
    void* block = base_->raw_allocate(num_bytes + c10::gAlignment);
    MemoryCounter* counter = charged_counter ? charged_counter : process_memory_counter().get();
    new (block) BlockHeader{counter, static_cast<int64_t>(num_bytes), base_->raw_deleter()};
    counter->add(static_cast<int64_t>(num_bytes));
    void* data = static_cast<std::byte*>(block) + c10::gAlignment;
    return {data, data, &free, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free; }
  void copy_data(void* to, const void* from, size_t count) const override { default_copy_data(to, from, count); }

 private:
  static void free(void* data) {
    if (!data) return;
    std::byte* block = block_of(data);
    const BlockHeader header = *std::launder(reinterpret_cast<BlockHeader*>(block));
    header.free(block);
    header.counter->subtract(header.num_bytes);
  }

  c10::Allocator* base_;
};

int64_t MemoryCounter::take_peak_bytes() {
  const int64_t now = allocated_bytes();
  return std::max(peak_.exchange(now, std::memory_order_relaxed), now);
}

void MemoryCounter::add(int64_t bytes) {
  num_owners_.fetch_add(1, std::memory_order_relaxed);
  const int64_t now = allocated_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void MemoryCounter::subtract(int64_t bytes) {
  allocated_.fetch_sub(bytes, std::memory_order_relaxed);
  release();
}

void MemoryCounter::release() {
  if (num_owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

std::shared_ptr<MemoryCounter> make_memory_counter() {
  return {new MemoryCounter(), [](MemoryCounter* counter) { counter->release(); }};
}

c10::Allocator* make_counting_allocator(c10::Allocator* base) { return new CountingAllocator(base); }

void install_counting_allocator() {
  std::call_once(install_once, [] {
    c10::SetCPUAllocator(make_counting_allocator(c10::GetCPUAllocator()), /*priority=*/255);
    installed = true;
  });
}

bool counting_allocator_installed() { return installed; }

const std::shared_ptr<MemoryCounter>& process_memory_counter() {
  // Never destroyed: tensors of static lifetime are freed after every destructor of ours.
  static const auto* counter = new std::shared_ptr<MemoryCounter>(make_memory_counter());
  return *counter;
}

ChargeMemory::ChargeMemory(std::shared_ptr<MemoryCounter> counter)
    : counter_(std::move(counter)), before_(std::exchange(charged_counter, counter_.get())) {}

ChargeMemory::~ChargeMemory() { charged_counter = before_; }

}  // namespace titan::platform
