#include <gtest/gtest.h>

#include "sim/memory/caching_allocator.h"

namespace titan::memory {
namespace {

class Expandable : public testing::Test {
 protected:
  int64_t reserved() const { return allocator_.stats().all.reserved_bytes.current; }

  CompletedEvents events_;
  CachingAllocator allocator_{{.capacity_bytes = 100 * kMiB, .expandable_segments = true}, events_};
};

TEST_F(Expandable, MapsPagesOf2MiBForSmallAndOf20MiBForLargeBlocks) {
  allocator_.malloc(1000, 0);
  EXPECT_EQ(reserved(), 2 * kMiB);
  allocator_.malloc(3 * kMiB, 0);
  EXPECT_EQ(reserved(), 22 * kMiB);
  allocator_.malloc(3 * kMiB, 1);  // another stream, another segment
  EXPECT_EQ(reserved(), 42 * kMiB);
  EXPECT_EQ(allocator_.stats().num_device_alloc, 3);
}

// 3 of 20 MiB are used. 30 MiB begin at the cached 17 MiB and need 13 more: one page.
TEST_F(Expandable, GrowsACachedBlockAtTheEndOfTheSegment) {
  allocator_.malloc(3 * kMiB, 0);
  const BlockId grown = allocator_.malloc(30 * kMiB, 0);
  EXPECT_EQ(allocator_.address(grown), 3 * kMiB);
  EXPECT_EQ(allocator_.size(grown), 30 * kMiB);
  EXPECT_EQ(reserved(), 40 * kMiB);
  EXPECT_EQ(allocator_.snapshot().size(), 1u);
}

TEST_F(Expandable, SplitsDownTo512BytesAndReportsNoSplitBlocks) {
  const BlockId block = allocator_.malloc(20 * kMiB - 512, 0);
  EXPECT_EQ(allocator_.size(block), 20 * kMiB - 512);
  EXPECT_EQ(allocator_.stats().all.inactive_split_bytes.peak, 0);
  EXPECT_EQ(allocator_.stats().all.segment.peak, 0);
}

// 50, 10 and 20 MiB fill four pages of 20 MiB. When the 50 are freed, the pages [0, 40) are empty and go back; the
// third is still in use, so its first 10 MiB stay cached.
TEST_F(Expandable, ReturnsEmptyPagesWhenTheDeviceIsFull) {
  const BlockId first = allocator_.malloc(50 * kMiB, 0);
  allocator_.malloc(10 * kMiB, 0);
  allocator_.malloc(20 * kMiB, 0);
  EXPECT_EQ(reserved(), 80 * kMiB);
  allocator_.free(first);
  const BlockId other = allocator_.malloc(50 * kMiB, 1);  // needs three pages, one is left
  EXPECT_EQ(allocator_.size(other), 50 * kMiB);
  EXPECT_EQ(allocator_.stats().num_alloc_retries, 1);
  EXPECT_EQ(reserved(), 100 * kMiB);  // 40 returned, 60 mapped
  const std::vector<SegmentInfo> segments = allocator_.snapshot();
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].address, 40 * kMiB);
  EXPECT_EQ(segments[0].total_bytes, 40 * kMiB);
  EXPECT_EQ(segments[0].blocks[0].state, BlockState::cached);
  EXPECT_EQ(segments[0].blocks[0].size, 10 * kMiB);
}

TEST_F(Expandable, FillsUnmappedGapsFromTheLowestAddress) {
  const BlockId first = allocator_.malloc(40 * kMiB, 0);
  allocator_.malloc(20 * kMiB, 0);
  allocator_.free(first);
  allocator_.empty_cache();
  EXPECT_EQ(reserved(), 20 * kMiB);
  EXPECT_EQ(allocator_.address(allocator_.malloc(30 * kMiB, 0)), 0u);
  EXPECT_EQ(reserved(), 60 * kMiB);
}

TEST_F(Expandable, GivesUpASegmentWithoutMappedPages) {
  const BlockId first = allocator_.malloc(3 * kMiB, 0);
  allocator_.free(first);
  allocator_.empty_cache();
  EXPECT_EQ(reserved(), 0);
  EXPECT_TRUE(allocator_.snapshot().empty());
  // 9/8 of 100 MiB are 112.5 MiB, in pages of 20 MiB 120 MiB: where the next segment begins.
  EXPECT_EQ(allocator_.address(allocator_.malloc(3 * kMiB, 0)), 120 * kMiB);
}

}  // namespace
}  // namespace titan::memory
