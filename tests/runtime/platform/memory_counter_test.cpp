#include "runtime/platform/memory_counter.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace titan::platform {
namespace {

at::Tensor bytes(int64_t count) { return at::empty({count}, at::kByte); }

class MemoryCounting : public testing::Test {
 protected:
  void SetUp() override { install_counting_allocator(); }
};

TEST_F(MemoryCounting, IsInstalledOnce) {
  const auto* allocator = c10::GetCPUAllocator();
  install_counting_allocator();
  EXPECT_TRUE(counting_allocator_installed());
  EXPECT_EQ(c10::GetCPUAllocator(), allocator);
}

TEST_F(MemoryCounting, CountsTheBytesAlive) {
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  at::Tensor a = bytes(1000);
  EXPECT_EQ(counter->allocated_bytes(), 1000);
  const at::Tensor view = a.narrow(0, 0, 10);
  at::Tensor b = at::empty({500}, at::kDouble);
  EXPECT_EQ(counter->allocated_bytes(), 5000);
  a = at::Tensor();
  EXPECT_EQ(counter->allocated_bytes(), 5000);  // the view keeps the storage
  b = at::Tensor();
  EXPECT_EQ(counter->allocated_bytes(), 1000);
}

TEST_F(MemoryCounting, FollowsAStorageThatGrows) {
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  const at::Tensor tensor = at::ones({10}, at::kByte);
  tensor.resize_({300});
  EXPECT_EQ(counter->allocated_bytes(), 300);
  EXPECT_EQ(tensor.narrow(0, 0, 10).sum().item().toInt(), 10);
}

TEST_F(MemoryCounting, ReportsThePeakSinceTheLastCall) {
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  const at::Tensor kept = bytes(100);
  bytes(1000);
  EXPECT_EQ(counter->take_peak_bytes(), 1100);
  EXPECT_EQ(counter->take_peak_bytes(), 100);
  bytes(50);
  bytes(20);
  EXPECT_EQ(counter->take_peak_bytes(), 150);
}

TEST_F(MemoryCounting, ChargesTheThreadThatAllocatedWhoeverFrees) {
  const auto mine = make_memory_counter();
  const auto theirs = make_memory_counter();
  const ChargeMemory charge(mine);
  at::Tensor given;
  std::thread([&] {
    const ChargeMemory charge_thread(theirs);
    given = bytes(700);
  }).join();
  EXPECT_EQ(theirs->allocated_bytes(), 700);
  EXPECT_EQ(mine->allocated_bytes(), 0);
  given = at::Tensor();
  EXPECT_EQ(theirs->allocated_bytes(), 0);
}

TEST_F(MemoryCounting, ChargesThreadsOfNoRankToTheProcess) {
  const int64_t before = process_memory_counter()->allocated_bytes();
  const at::Tensor tensor = bytes(123);
  EXPECT_EQ(process_memory_counter()->allocated_bytes(), before + 123);
}

TEST_F(MemoryCounting, NestsScopes) {
  const auto outer = make_memory_counter(), inner = make_memory_counter();
  const ChargeMemory charge_outer(outer);
  {
    const ChargeMemory charge_inner(inner);
    bytes(5);
  }
  const at::Tensor tensor = bytes(7);
  EXPECT_EQ(inner->take_peak_bytes(), 5);
  EXPECT_EQ(outer->allocated_bytes(), 7);
}

TEST_F(MemoryCounting, OutlivesItsHandleAsLongAsATensorDoes) {
  at::Tensor survivor;
  {
    const auto counter = make_memory_counter();
    const ChargeMemory charge(counter);
    survivor = at::ones({100}, at::kByte);
  }
  EXPECT_EQ(survivor.sum().item().toInt(), 100);
  survivor = at::Tensor();  // the address sanitizer would object
}

TEST_F(MemoryCounting, KeepsBlocksAlignedAndEmptyOnesFree) {
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  for (const int64_t count : {1, 63, 64, 65, 100000}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes(count).data_ptr()) % 64, 0u);
  }
  const at::Tensor empty = bytes(0);
  EXPECT_EQ(counter->allocated_bytes(), 0);
}

TEST_F(MemoryCounting, SupportsRawAllocation) {
  const auto counter = make_memory_counter();
  const ChargeMemory charge(counter);
  void* data = c10::GetCPUAllocator()->raw_allocate(40);
  EXPECT_EQ(counter->allocated_bytes(), 40);
  c10::GetCPUAllocator()->raw_deallocate(data);
  EXPECT_EQ(counter->allocated_bytes(), 0);
}

TEST_F(MemoryCounting, AddsUpUnderConcurrentThreads) {
  const auto counter = make_memory_counter();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const ChargeMemory charge(counter);
        for (int i = 0; i < 2000; ++i) bytes(100);
      });
    }
  }
  EXPECT_EQ(counter->allocated_bytes(), 0);
  EXPECT_GE(counter->take_peak_bytes(), 100);
  EXPECT_LE(counter->take_peak_bytes(), 400);
}

}  // namespace
}  // namespace titan::platform
