#include "sim/profile/memory_profile.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "runtime/config/check.h"
#include "sim/memory/caching_allocator.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::profile {
namespace {

using memory::AllocatorOptions;
using memory::kGiB;
using memory::kMiB;
using trace::kCompute;
using trace::kGather;
using trace::SmallRecorder;
using trace::Trace;

constexpr AllocatorOptions kDevice{.capacity_bytes = 80 * kGiB};

uint64_t sum(const MemoryPoint& point) {
  return std::accumulate(point.by_category.begin(), point.by_category.end(), uint64_t{0});
}

// Parameters of 64 MiB live before and after; each step allocates an activation in layers.0 (32) and layers.1 (32 and,
// for a moment, 16), and a gradient (64) when the activations are gone.
Trace two_steps() {
  SmallRecorder r(0, 1);
  const uint16_t parameters = r.intern_category("parameters"), activations = r.intern_category("activations"),
                 gradients = r.intern_category("gradients");
  r.alloc(kCompute, 64 * kMiB, parameters);
  for (int step = 0; step < 2; ++step) {
    r.begin_scope("step");
    r.begin_scope("forward");
    r.begin_scope("layers.0");
    const uint32_t first = r.alloc(kCompute, 32 * kMiB, activations);
    r.end_scope();
    r.begin_scope("layers.1");
    const uint32_t second = r.alloc(kCompute, 32 * kMiB, activations), temporary = r.alloc(kCompute, 16 * kMiB);
    r.free(kCompute, temporary, 16 * kMiB);
    r.end_scope();
    r.end_scope();
    r.free(kCompute, second, 32 * kMiB);
    r.free(kCompute, first, 32 * kMiB);
    const uint32_t gradient = r.alloc(kCompute, 64 * kMiB, gradients);
    if (step == 0) r.alloc(kCompute, 8 * kMiB, r.intern_category("optimizer"));
    r.free(kCompute, gradient, 64 * kMiB);
    r.end_scope();
  }
  return r.take();
}

// Pageable memory as requested, pinned memory in powers of two: 3 MiB take 4; none of it is the allocator's.
TEST(MemoryProfile, CountsHostMemoryApart) {
  SmallRecorder r(0, 1);
  const uint16_t state = r.intern_category("optimizer"), shards = r.intern_category("parameters");
  r.alloc(kCompute, 2 * kMiB);
  r.alloc(trace::kPinnedPool, 3 * kMiB, shards);
  r.begin_scope("step");
  const uint32_t first = r.alloc(trace::kHostStream, 5 * kMiB, state);
  r.free(trace::kHostStream, first, 5 * kMiB);
  r.alloc(trace::kHostStream, 1 * kMiB, state);
  r.end_scope();
  r.begin_scope("step");
  r.end_scope();
  const auto found = profile_memory(r.trace(), kDevice);
  EXPECT_EQ(found.whole.peak.allocated_bytes, 2 * kMiB);
  EXPECT_EQ(found.whole.host.bytes, 9 * kMiB);
  EXPECT_EQ(found.whole.host.by_category, (std::vector<uint64_t>{0, 5 * kMiB, 4 * kMiB}));
  EXPECT_EQ(found.steps.at(0).host.bytes, 9 * kMiB);
  EXPECT_EQ(found.steps.at(1).host.bytes, 5 * kMiB);
}

// First step: 64 + 32 + 32 + 16 MiB in layers.1; the second holds 8 of the optimizer more. Requests above 10 MiB get a
// segment of their own, a multiple of 2 MiB as all of these are. Reserved: 144, and 64 for the gradient, for which the
// cached 32, 32 and 16 are too small; the optimizer's 8 are split off the 16. Step 2 finds all cached.
TEST(MemoryProfile, FindsPeaksAndWhoOwnsThem) {
  const MemoryProfile profile = profile_memory(two_steps(), kDevice);
  ASSERT_EQ(profile.steps.size(), 2u);
  EXPECT_FALSE(profile.shortage);
  const MemorySpan& first = profile.steps[0];
  EXPECT_EQ(first.name, "step");
  EXPECT_EQ(first.peak.allocated_bytes, 144 * kMiB);
  EXPECT_EQ(first.scope, "step / forward / layers.1");
  EXPECT_EQ(first.peak.by_category, (std::vector<uint64_t>{16 * kMiB, 64 * kMiB, 64 * kMiB, 0, 0}));
  EXPECT_EQ(first.peak.reserved_bytes, 144 * kMiB);
  EXPECT_EQ(first.peak_reserved_bytes, (144 + 64) * kMiB);
  EXPECT_EQ(first.peak_requested_bytes, 144 * kMiB);
  EXPECT_EQ(first.end_allocated_bytes, 72 * kMiB);
  const MemorySpan& second = profile.steps[1];
  EXPECT_EQ(second.peak.allocated_bytes, 152 * kMiB);
  EXPECT_EQ(second.peak.by_category, (std::vector<uint64_t>{16 * kMiB, 64 * kMiB, 64 * kMiB, 0, 8 * kMiB}));
  EXPECT_EQ(second.peak_reserved_bytes, first.peak_reserved_bytes);
  EXPECT_EQ(profile.whole.peak.allocated_bytes, 152 * kMiB);
  EXPECT_EQ(profile.whole.scope, "step / forward / layers.1");
  EXPECT_EQ(profile.whole.peak.node, second.peak.node);
  EXPECT_EQ(profile.whole.peak_reserved_bytes, static_cast<uint64_t>(profile.stats.all.reserved_bytes.peak));
}

// A block of 1 byte takes 512; of 0 none.
TEST(MemoryProfile, CategoriesCountWholeBlocks) {
  SmallRecorder r(0, 1);
  r.alloc(kCompute, 1, r.intern_category("tiny"));
  const uint32_t nothing = r.alloc(kCompute, 0, r.intern_category("nothing"));
  r.free(kCompute, nothing, 0);
  const MemoryProfile profile = profile_memory(r.trace(), kDevice);
  EXPECT_EQ(profile.whole.peak.by_category, (std::vector<uint64_t>{0, 512, 0}));
  EXPECT_EQ(profile.whole.peak.allocated_bytes, 512u);
  EXPECT_EQ(profile.whole.peak_requested_bytes, 1u);
  EXPECT_EQ(profile.whole.scope, "");
}

// A step that only frees has its peak where it begins.
TEST(MemoryProfile, AStepCanBeHighestAtItsBegin) {
  SmallRecorder r(0, 1);
  const uint32_t storage = r.alloc(kCompute, 512);
  r.begin_scope("step");
  r.free(kCompute, storage, 512);
  r.end_scope();
  const MemorySpan step = profile_memory(r.trace(), kDevice).steps.at(0);
  EXPECT_EQ(step.peak.allocated_bytes, 512u);
  EXPECT_EQ(step.peak.node, 1u);
  EXPECT_EQ(sum(step.peak), 512u);
  EXPECT_EQ(step.end_allocated_bytes, 0u);
}

// Two pools: what all_gather's stream freed cannot serve compute.
TEST(MemoryProfile, EveryStreamHasItsPool) {
  for (const bool same : {true, false}) {
    SmallRecorder r(0, 1);
    const uint32_t gathered = r.alloc(kGather, 40 * kMiB);
    r.free(kGather, gathered, 40 * kMiB);
    r.alloc(same ? kGather : kCompute, 40 * kMiB);
    EXPECT_EQ(profile_memory(r.trace(), kDevice).whole.peak_reserved_bytes, (same ? 40 : 80) * kMiB);
  }
}

TEST(MemoryProfile, AnOutOfMemoryIsAResultWithItsPlace) {
  const MemoryProfile profile = profile_memory(two_steps(), {.capacity_bytes = 140 * kMiB});
  ASSERT_TRUE(profile.shortage);
  EXPECT_EQ(profile.shortage->scope, "step / forward / layers.1");
  EXPECT_EQ(profile.shortage->category, "other");
  EXPECT_EQ(profile.shortage->facts.tried_bytes, 16 * kMiB);
  EXPECT_EQ(profile.shortage->facts.allocated_bytes, 128 * kMiB);
  EXPECT_NE(memory::to_text(profile.shortage->facts).find("Tried to allocate 16.00 MiB"), std::string::npos);
  ASSERT_EQ(profile.steps.size(), 1u);
  EXPECT_EQ(profile.steps[0].peak.allocated_bytes, 128 * kMiB);
  EXPECT_EQ(sum(profile.whole.peak), 128 * kMiB);
}

TEST(MemoryProfile, TheCurveHoldsScopesAndThePeaksBetween) {
  const Trace trace = two_steps();
  EXPECT_TRUE(profile_memory(trace, kDevice).curve.empty());
  const MemoryProfile profile = profile_memory(trace, kDevice, {.keep_curve = true});
  std::vector<uint64_t> allocated;
  uint64_t highest = 0;
  size_t last = 0;
  for (const MemoryPoint& point : profile.curve) {
    allocated.push_back(point.allocated_bytes / kMiB);
    highest = std::max(highest, point.allocated_bytes);
    EXPECT_EQ(sum(point), point.allocated_bytes);
    EXPECT_GE(point.node, last);
    last = point.node;
  }
  EXPECT_EQ(highest, profile.whole.peak.allocated_bytes);
  // begin step, forward, layers.0, its end, begin layers.1, the temporary, its end, end forward, gradient, end step
  const std::vector<uint64_t> expected{64, 64, 64, 96,  96,  144, 128, 128, 136, 72,
                                       72, 72, 72, 104, 104, 152, 136, 136, 72};
  EXPECT_EQ(allocated, expected);
}

TEST(MemoryProfile, RefusesOptionsOutOfRange) { EXPECT_THROW(profile_memory(two_steps(), {}), config::ContractError); }

/// Random traffic on two streams, recorded and at once given to an allocator; sums recomputed from scratch.
class DirectRun {
 public:
  DirectRun(std::mt19937& random, const AllocatorOptions& device) : random_(random), allocator_(device, events_) {
    for (const char* name : {"a", "b", "c"}) recorder_.intern_category(name);
  }

  void run(int num_nodes) {
    for (int i = 0; i < num_nodes && is_enough; ++i) !live_.empty() && random_() % 2 == 0 ? free() : alloc();
  }
  const Trace& trace() const { return recorder_.trace(); }
  const memory::AllocatorStats& stats() const { return allocator_.stats(); }

  bool is_enough = true;
  MemoryPoint peak{.by_category = std::vector<uint64_t>(4)};

 private:
  struct Live {
    uint32_t storage;
    uint64_t bytes;
    uint8_t stream;
    uint16_t category;
    memory::BlockId block;
  };

  void free() {
    std::swap(live_[random_() % live_.size()], live_.back());
    recorder_.free(live_.back().stream, live_.back().storage, live_.back().bytes);
    allocator_.free(live_.back().block);
    live_.pop_back();
  }

  void alloc() {
    Live made{.bytes = random_() % 10 == 0 ? 0 : uint64_t{1} << random_() % 26};
    made.stream = static_cast<uint8_t>(random_() % 2);
    made.category = static_cast<uint16_t>(random_() % 4);
    made.storage = recorder_.alloc(made.stream, made.bytes, made.category);
    try {
      made.block = allocator_.malloc(made.bytes, made.stream);
    } catch (const memory::OutOfMemoryError&) {
      is_enough = false;
      return;
    }
    live_.push_back(made);
    std::vector<uint64_t> now(4);
    for (const Live& l : live_) now[l.category] += l.block == memory::kNoBlock ? 0 : allocator_.size(l.block);
    const uint64_t allocated = std::accumulate(now.begin(), now.end(), uint64_t{0});
    if (allocated > peak.allocated_bytes) peak = {recorder_.trace().nodes.size() - 1, allocated, 0, now};
  }

  std::mt19937& random_;
  SmallRecorder recorder_{0, 1};
  memory::CompletedEvents events_;
  memory::CachingAllocator allocator_;
  std::vector<Live> live_;
};

TEST(MemoryProfile, AgreesWithADirectRunOnRandomTraces) {
  std::mt19937 random(4);
  int num_shortages = 0;
  for (int round = 0; round < 300; ++round) {
    const AllocatorOptions device{.capacity_bytes = 120 * kMiB, .expandable_segments = round % 2 == 0};
    DirectRun direct(random, device);
    direct.run(200);
    const MemoryProfile profile = profile_memory(direct.trace(), device);
    ASSERT_EQ(profile.shortage.has_value(), !direct.is_enough);
    num_shortages += !direct.is_enough;
    ASSERT_EQ(profile.whole.peak.node, direct.peak.node);
    ASSERT_EQ(profile.whole.peak.allocated_bytes, direct.peak.allocated_bytes);
    ASSERT_EQ(profile.whole.peak.by_category, direct.peak.by_category);
    ASSERT_EQ(profile.stats, direct.stats());
    ASSERT_EQ(profile.whole.peak_reserved_bytes, static_cast<uint64_t>(direct.stats().all.reserved_bytes.peak));
    ASSERT_EQ(profile.whole.peak_requested_bytes, static_cast<uint64_t>(direct.stats().all.requested_bytes.peak));
  }
  EXPECT_GT(num_shortages, 10);
  EXPECT_LT(num_shortages, 290);
}

}  // namespace
}  // namespace titan::profile
