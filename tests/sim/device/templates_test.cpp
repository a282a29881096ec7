#include <gtest/gtest.h>

#include "sim/trace/difference.h"
#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

using sim::DeviceOptions;

/// A recording and the allocator's account of it.
struct Recorded {
  trace::Trace trace;
  std::vector<memory::SegmentInfo> segments;
  int64_t peak_allocated_bytes = 0, peak_reserved_bytes = 0;
  int64_t num_hits = 0, num_executed = 0;
};

Recorded record_memory(const StepCase& one, int rank, const DeviceOptions& options, int num_steps) {
  sim::SimPlatform platform({.rank = rank, .size = one.world_size, .local_rank = rank}, options);
  Recorded recorded;
  train_steps(one, platform, num_steps, [&] {
    auto& allocator = platform.state().memory();
    recorded.segments = allocator.snapshot();
    recorded.peak_allocated_bytes = allocator.stats().all.allocated_bytes.peak;
    recorded.peak_reserved_bytes = allocator.stats().all.reserved_bytes.peak;
    recorded.num_hits = platform.templates().num_hits;
    recorded.num_executed = platform.templates().num_executed;
    recorded.trace = platform.take_trace();
  });
  return recorded;
}

class Templates : public testing::TestWithParam<StepCase> {};

// The allocator is a function of its calls, which are the alloc and free nodes in their order; its blocks are compared
// besides.
TEST_P(Templates, RecordWhatExecutingRecords) {
  for (const int rank : {0, GetParam().world_size - 1}) {
    const auto executed = record_memory(GetParam(), rank, {.templates = false}, /*num_steps=*/3);
    const auto templated = record_memory(GetParam(), rank, {.check_templates_every = 1}, /*num_steps=*/3);
    EXPECT_EQ(executed.num_hits, 0);
    EXPECT_GT(templated.num_hits, 0);
    EXPECT_EQ(trace::first_difference(executed.trace, templated.trace), std::nullopt);
    EXPECT_TRUE(executed.trace == templated.trace);  // tables of descriptors and all
    EXPECT_EQ(executed.segments, templated.segments);
    EXPECT_EQ(executed.peak_allocated_bytes, templated.peak_allocated_bytes);
    EXPECT_EQ(executed.peak_reserved_bytes, templated.peak_reserved_bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(MoreSteps, Templates, testing::ValuesIn(more_step_cases()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(OffloadedSteps, Templates, testing::ValuesIn(offload_cases()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Steps, Templates, testing::ValuesIn(step_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace titan::test
