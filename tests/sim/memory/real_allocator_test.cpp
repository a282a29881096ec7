// Law 5: our allocator and PyTorch's do the same, block for block, after every one of a million random operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "sim/memory/caching_allocator.h"
#include "tests/sim/memory/allocator_text.h"
#include "tests/sim/memory/oracle/real_allocator.h"

namespace titan::memory {
namespace {

constexpr uint64_t kTiB = uint64_t{1} << 40;

/// Numbers the events of each stream as the counting device does, with its own mark of how far each stream has come.
class CountedEvents final : public EventSource {
 public:
  uint64_t record(StreamId stream) override { return ++recorded_[stream] * kNumStreams + stream; }
  bool completed(uint64_t event) override { return event / kNumStreams <= completed_[event % kNumStreams]; }
  void synchronize(uint64_t event) override { advance(event % kNumStreams, event / kNumStreams); }
  void advance(StreamId stream, uint64_t number) { completed_[stream] = std::max(completed_[stream], number); }
  uint64_t num_recorded(StreamId stream) const { return recorded_[stream]; }
  uint64_t num_completed(StreamId stream) const { return completed_[stream]; }

 private:
  std::array<uint64_t, kNumStreams> recorded_ = {};
  std::array<uint64_t, kNumStreams> completed_ = {};
};

/// What the random operations are like.
struct Traffic {
  int num_operations = 0;
  size_t max_live = 400;  // blocks
  int max_log2_size = 31;
  double reuse_share = 0.3;   // of the sizes: one of a few that come again and again
  double record_share = 0.1;  // of the operations
  bool other_bytes_change = false;
};

/// Both allocators under the same operations.
class Comparison {
 public:
  Comparison(const AllocatorOptions& options, const Traffic& traffic, uint64_t seed)
      : traffic_(traffic),
        random_(seed),
        capacity_bytes_(options.capacity_bytes),
        real_(options),
        ours_(on_device(options, real_.device_index()), events_) {
    for (uint64_t& size : usual_sizes_) size = random_size();
  }

  void run() {
    for (int i = 0; i < traffic_.num_operations && !testing::Test::HasFailure(); ++i) {
      const std::string what = step();
      const AllocatorStats theirs = real_.stats();
      ASSERT_TRUE(ours_.stats() == theirs) << "operation " << i << ", " << what << "\n"
                                           << difference(ours_.stats(), theirs);
      if (i % 1000 == 0 || i + 1 == traffic_.num_operations) {
        ASSERT_EQ(difference(ours_.snapshot(), real_.snapshot()), "") << "operation " << i << ", " << what;
      }
    }
  }

  const CachingAllocator& ours() const { return ours_; }

 private:
  static AllocatorOptions on_device(AllocatorOptions options, int index) {
    options.device_index = index;
    return options;
  }

  struct Live {
    BlockId block;
    uint64_t address;
  };

  uint64_t below(uint64_t limit) { return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_); }
  double share() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }
  /// 2^x with x even in [0, max_log2_size], or a few times a power of two, where rules begin and end, or next to that.
  uint64_t random_size() {
    if (share() < 0.7) return static_cast<uint64_t>(std::exp2(share() * traffic_.max_log2_size));
    constexpr std::array<int64_t, 5> kOffsets = {-512, -1, 0, 1, 512};
    const uint64_t power = uint64_t{1} << (10 + below(static_cast<uint64_t>(traffic_.max_log2_size) - 13));
    const auto size = static_cast<int64_t>((1 + below(8)) * power) + kOffsets[below(kOffsets.size())];
    return static_cast<uint64_t>(size);
  }

  std::string step() {
    const double kind = share();
    if (kind < 0.0005) return empty_cache();
    if (kind < 0.001) return reset_stats();
    if (kind < 0.002 && traffic_.other_bytes_change) return change_other_bytes();
    if (kind < 0.05) return advance_stream();
    if (kind < 0.05 + traffic_.record_share && !live_.empty()) return record_stream();
    if (live_.empty() || (live_.size() < traffic_.max_live && share() < 0.52)) return malloc();
    return free();
  }

  std::string malloc() {
    const uint64_t bytes = share() < traffic_.reuse_share ? usual_sizes_[below(usual_sizes_.size())] : random_size();
    const auto stream = static_cast<StreamId>(below(kNumStreams));
    const uint64_t theirs = real_.malloc(bytes, stream);
    try {
      const BlockId block = ours_.malloc(bytes, stream);
      EXPECT_EQ(ours_.address(block), theirs) << "malloc of " << bytes;
      live_.push_back({block, theirs});
    } catch (const OutOfMemoryError& error) {
      EXPECT_EQ(theirs, RealAllocator::kNone) << error.what();
      expect_same_message(error.what());
    }
    return "malloc of " + std::to_string(bytes) + " on stream " + std::to_string(stream);
  }

  // There is no NVML here, so PyTorch leaves the process's memory out; its advice follows our end.
  void expect_same_message(std::string message) {
    const size_t begin = message.find("Including non-PyTorch memory");
    const std::string end = " memory in use. ";
    message.erase(begin, message.find(end, begin) + end.size() - begin);
    EXPECT_EQ(real_.error().substr(0, message.size()), message);
  }

  std::string free() {
    const size_t index = below(live_.size());
    const Live live = live_[index];
    live_[index] = live_.back();
    live_.pop_back();
    ours_.free(live.block);
    real_.free(live.address);
    return "free at " + std::to_string(live.address);
  }

  std::string record_stream() {
    const Live live = live_[below(live_.size())];
    const auto stream = static_cast<StreamId>(below(kNumStreams));
    ours_.record_stream(live.block, stream);
    real_.record_stream(live.address, stream);
    return "record_stream at " + std::to_string(live.address);
  }

  std::string advance_stream() {
    const auto stream = static_cast<StreamId>(below(kNumStreams));
    const uint64_t completed = events_.num_completed(stream);
    const uint64_t number = completed + below(events_.num_recorded(stream) - completed + 1);
    events_.advance(stream, number);
    uint64_t& theirs = counting_device().events_completed[stream];
    theirs = std::max(theirs, number);
    return "progress of stream " + std::to_string(stream);
  }

  std::string empty_cache() {
    ours_.empty_cache();
    real_.empty_cache();
    EXPECT_EQ(difference(ours_.snapshot(), real_.snapshot()), "") << "empty_cache";
    return "empty_cache";
  }

  std::string reset_stats() {
    if (share() < 0.5) {
      ours_.reset_peak_stats();
      real_.reset_peak_stats();
    } else {
      ours_.reset_accumulated_stats();
      real_.reset_accumulated_stats();
    }
    return "reset of statistics";
  }

  std::string change_other_bytes() {
    const uint64_t bytes = below(capacity_bytes_ / 2);
    ours_.set_other_bytes(bytes);
    counting_device().other_bytes = bytes;
    return "other bytes " + std::to_string(bytes);
  }

  Traffic traffic_;
  std::mt19937_64 random_;
  uint64_t capacity_bytes_;
  CountedEvents events_;
  RealAllocator real_;
  CachingAllocator ours_;
  std::array<uint64_t, 12> usual_sizes_ = {};
  std::vector<Live> live_;
};

/// Runs and returns our statistics, which then are PyTorch's too.
AllocatorStats compare(const AllocatorOptions& options, const Traffic& traffic, uint64_t seed) {
  Comparison comparison(options, traffic, seed);
  comparison.run();
  return comparison.ours().stats();
}

TEST(RealAllocator, EqualsOursWithNativeSegmentsBelowCapacity) {
  const AllocatorStats stats = compare({.capacity_bytes = 2 * kTiB}, {.num_operations = 300000}, 1);
  EXPECT_EQ(stats.num_ooms, 0);
  EXPECT_EQ(stats.num_alloc_retries, 0);
}

TEST(RealAllocator, EqualsOursWithNativeSegmentsAtCapacity) {
  const Traffic traffic = {.num_operations = 300000, .other_bytes_change = true};
  const AllocatorStats stats = compare({.capacity_bytes = 24 * kGiB}, traffic, 2);
  EXPECT_GT(stats.num_ooms, 0);
  EXPECT_GT(stats.num_alloc_retries, stats.num_ooms);
}

TEST(RealAllocator, EqualsOursWithExpandableSegmentsBelowCapacity) {
  const AllocatorOptions options = {.capacity_bytes = 2 * kTiB, .expandable_segments = true};
  const AllocatorStats stats = compare(options, {.num_operations = 300000}, 3);
  EXPECT_EQ(stats.num_ooms, 0);
  EXPECT_EQ(stats.num_alloc_retries, 0);
}

TEST(RealAllocator, EqualsOursWithExpandableSegmentsAtCapacity) {
  const AllocatorOptions options = {.capacity_bytes = 24 * kGiB, .expandable_segments = true};
  const AllocatorStats stats = compare(options, {.num_operations = 300000, .other_bytes_change = true}, 4);
  EXPECT_GT(stats.num_ooms, 0);
  EXPECT_GT(stats.num_alloc_retries, stats.num_ooms);
}

// Thousands of blocks of up to 16 MiB: long free lists, many neighbours, and most pages of a segment in use.
TEST(RealAllocator, EqualsOursWithManySmallBlocks) {
  const Traffic traffic = {.num_operations = 100000, .max_live = 5000, .max_log2_size = 24, .record_share = 0.02};
  for (const bool expandable : {false, true}) {
    const AllocatorOptions options = {.capacity_bytes = 3 * kGiB, .expandable_segments = expandable};
    EXPECT_GT(compare(options, traffic, 5).num_alloc_retries, 0);
  }
}

TEST(RealAllocator, EqualsOursWithMaxSplitSize) {
  const Traffic traffic = {.num_operations = 100000, .other_bytes_change = true};
  for (const std::optional<uint64_t> rounding : {std::optional<uint64_t>(), std::optional<uint64_t>(300 * kMiB)}) {
    const AllocatorOptions options = {
        .capacity_bytes = 24 * kGiB, .max_split_bytes = 128 * kMiB, .max_non_split_rounding_bytes = rounding};
    const AllocatorStats stats = compare(options, traffic, 6);
    EXPECT_GT(stats.oversize_allocations.peak, 0);
    EXPECT_GT(stats.num_alloc_retries, 0);
  }
}

TEST(RealAllocator, EqualsOursWithMemoryFractionAndGarbageCollection) {
  const Traffic traffic = {.num_operations = 100000, .other_bytes_change = true};
  for (const bool expandable : {false, true}) {
    const AllocatorOptions options = {.capacity_bytes = 40 * kGiB,
                                      .expandable_segments = expandable,
                                      .memory_fraction = 0.7,
                                      .garbage_collection_threshold = 0.6};
    EXPECT_GT(compare(options, traffic, 7).num_ooms, 0);
  }
}

TEST(RealAllocator, EqualsOursWithRoundupAndOtherSegmentSizes) {
  AllocatorOptions options = {.capacity_bytes = 32 * kGiB, .large_segment_bytes = 64 * kMiB};
  options.roundup_power2_divisions = {16, 0, 1, 2, 4, 8, 0, 32, 64, 4, 2, 2, 1024, 0, 0, 0};
  for (const bool expandable : {false, true}) {
    options.expandable_segments = expandable;
    EXPECT_GT(compare(options, {.num_operations = 100000}, 8).num_alloc_retries, 0);
  }
}

}  // namespace
}  // namespace titan::memory
