// Random traffic: what must hold of any state, recomputed from a snapshot.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "sim/memory/caching_allocator.h"

namespace titan::memory {
namespace {

/// Each event completes after a few more were recorded.
class LateEvents final : public EventSource {
 public:
  uint64_t record(StreamId) override { return num_recorded_++; }
  bool completed(uint64_t event) override { return event + 5 < num_recorded_; }
  void synchronize(uint64_t) override {}

 private:
  uint64_t num_recorded_ = 0;
};

struct Sums {
  int64_t segments = 0, reserved = 0, num_allocated = 0, allocated = 0, num_active = 0, active = 0, requested = 0;
  int64_t num_split = 0, split = 0;
};

// Blocks follow each other without gaps, two cached ones never; sizes add up.
void add(Sums& sums, const SegmentInfo& segment) {
  uint64_t address = segment.address;
  bool after_cached = false;
  for (const BlockInfo& block : segment.blocks) {
    EXPECT_EQ(block.address, address);
    EXPECT_EQ(block.size % kMinBlockBytes, 0u);
    EXPECT_LE(block.requested_bytes, block.size);
    address += block.size;
    const bool cached = block.state == BlockState::cached;
    EXPECT_FALSE(cached && after_cached) << "cached neighbours were not merged";
    after_cached = cached;
    const auto size = static_cast<int64_t>(block.size);
    if (block.state == BlockState::allocated) ++sums.num_allocated, sums.allocated += size;
    if (!cached) ++sums.num_active, sums.active += size;
    if (cached && segment.blocks.size() > 1 && !segment.expandable) ++sums.num_split, sums.split += size;
    sums.requested += static_cast<int64_t>(block.requested_bytes);
  }
  EXPECT_EQ(address, segment.address + segment.total_bytes);
  sums.segments += !segment.expandable;
  sums.reserved += static_cast<int64_t>(segment.total_bytes);
}

void expect_equal(const PoolStats& stats, const Sums& sums) {
  EXPECT_EQ(stats.segment.current, sums.segments);
  EXPECT_EQ(stats.reserved_bytes.current, sums.reserved);
  EXPECT_EQ(stats.allocation.current, sums.num_allocated);
  EXPECT_EQ(stats.allocated_bytes.current, sums.allocated);
  EXPECT_EQ(stats.active.current, sums.num_active);
  EXPECT_EQ(stats.active_bytes.current, sums.active);
  EXPECT_EQ(stats.requested_bytes.current, sums.requested);
  EXPECT_EQ(stats.inactive_split.current, sums.num_split);
  EXPECT_EQ(stats.inactive_split_bytes.current, sums.split);
}

void expect_consistent(const CachingAllocator& allocator, const std::vector<BlockId>& live) {
  Sums all, small_pool, large_pool;
  std::map<uint64_t, const BlockInfo*> by_address;
  uint64_t end = 0;
  const std::vector<SegmentInfo> segments = allocator.snapshot();
  for (const SegmentInfo& segment : segments) {
    EXPECT_GE(segment.address, end) << "segments overlap";
    end = segment.address + segment.total_bytes;
    add(all, segment);
    add(segment.small ? small_pool : large_pool, segment);
    for (const BlockInfo& block : segment.blocks) by_address[block.address] = &block;
  }
  const AllocatorStats& stats = allocator.stats();
  expect_equal(stats.all, all);
  expect_equal(stats.small_pool, small_pool);
  expect_equal(stats.large_pool, large_pool);
  EXPECT_EQ(static_cast<size_t>(all.num_allocated), live.size());
  for (const BlockId block : live) {
    const BlockInfo& info = *by_address.at(allocator.address(block));
    EXPECT_EQ(info.state, BlockState::allocated);
    EXPECT_EQ(info.size, allocator.size(block));
  }
  EXPECT_EQ(static_cast<int64_t>(allocator.device().held_bytes()), all.reserved);
  EXPECT_LE(allocator.device().held_bytes(), allocator.device().capacity_bytes());
}

void run_random_traffic(const AllocatorOptions& options, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  LateEvents events;
  CachingAllocator allocator(options, events);
  std::vector<BlockId> live;
  for (int i = 0; i < 20000; ++i) {
    const double kind = share(random);
    if (kind < 0.001) {
      allocator.empty_cache();
    } else if (kind < 0.1 && !live.empty()) {
      allocator.record_stream(live[random() % live.size()], static_cast<StreamId>(random() % 5));
    } else if (kind < 0.56 || live.empty()) {
      try {
        const auto bytes = static_cast<uint64_t>(std::exp2(30.0 * share(random)));
        live.push_back(allocator.malloc(bytes, static_cast<StreamId>(random() % 5)));
      } catch (const OutOfMemoryError& error) {
        const uint64_t tried = error.facts().tried_bytes;
        const bool pages = options.expandable_segments && tried > kSmallSegmentBytes;
        EXPECT_LT(error.facts().free_bytes, pages ? round_up(tried, options.large_segment_bytes) : tried);
      }
    } else {
      std::swap(live[random() % live.size()], live.back());
      allocator.free(live.back());
      live.pop_back();
    }
    if (i % 20 == 0) expect_consistent(allocator, live);
    if (testing::Test::HasFailure()) FAIL() << "operation " << i << " of seed " << seed;
  }
  for (const BlockId block : live) allocator.free(block);
  allocator.empty_cache();
  EXPECT_TRUE(allocator.snapshot().empty());
  EXPECT_EQ(allocator.device().held_bytes(), 0u);
  EXPECT_GT(allocator.stats().num_ooms, 0);
}

TEST(Invariants, HoldWithNativeSegments) { run_random_traffic({.capacity_bytes = 8 * kGiB}, 1); }

TEST(Invariants, HoldWithExpandableSegments) {
  run_random_traffic({.capacity_bytes = 8 * kGiB, .expandable_segments = true}, 2);
}

TEST(Invariants, HoldWithMaxSplitSize) {
  run_random_traffic({.capacity_bytes = 8 * kGiB, .max_split_bytes = 100 * kMiB}, 3);
}

}  // namespace
}  // namespace titan::memory
