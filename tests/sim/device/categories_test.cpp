#include <gtest/gtest.h>

#include <algorithm>

#include "sim/profile/memory_profile.h"
#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

/// Live bytes at the end of the trace by category.
uint64_t bytes_at_end(const trace::Trace& trace, std::string_view category) {
  uint64_t bytes = 0;
  std::vector<uint16_t> categories(trace.num_storages);
  for (const auto& node : trace.nodes) {
    if (node.kind == trace::NodeKind::alloc) categories[node.id] = node.category();
    if (node.kind != trace::NodeKind::alloc && node.kind != trace::NodeKind::free) continue;
    if (trace.categories.at(categories[node.id]) != category) continue;
    bytes += node.kind == trace::NodeKind::alloc ? node.value : -node.value;
  }
  return bytes;
}

// Float32: 4 bytes per parameter, and a rotary table of 128 positions x 8 pairs x 2; two moments of 4 bytes per
// parameter and a step count of 4 per tensor (9 in each of 6 blocks, embedding, norm, head). Over 4 ranks each holds a
// quarter, as 4 divides every size here.
TEST(MemoryCategories, OfStateAreTheSizesOfTheModel) {
  const auto cases = step_cases();
  const uint64_t num_parameters = debug_model().num_parameters, table = 128 * 8 * 2 * 4, steps = (6 * 9 + 3) * 4;
  const auto plain = record(find_case(cases, "plain"), 0, {});
  EXPECT_EQ(bytes_at_end(plain, "parameters"), 4 * num_parameters + table);
  EXPECT_EQ(bytes_at_end(plain, "optimizer"), 8 * num_parameters + steps);
  EXPECT_EQ(bytes_at_end(plain, "gradients"), 0u);
  const auto quarter = record(find_case(cases, "fsdp4"), 0, {});
  EXPECT_EQ(bytes_at_end(quarter, "parameters"), num_parameters + table);
  EXPECT_EQ(bytes_at_end(quarter, "optimizer"), 2 * num_parameters + steps);
  EXPECT_EQ(bytes_at_end(quarter, "fsdp_buffers"), 0u);
}

TEST(MemoryCategories, SumToThePeakAndLeaveNothingUntagged) {
  for (const auto& one : step_cases()) {
    const auto trace = record(one, 0, {}, /*num_steps=*/2);
    const auto peak = profile::profile_memory(trace, {.capacity_bytes = memory::kGiB}).whole.peak;
    uint64_t sum = 0;
    for (const uint64_t bytes : peak.by_category) sum += bytes;
    EXPECT_EQ(sum, peak.allocated_bytes) << one.name;
    EXPECT_EQ(peak.by_category.at(0), 0u) << one.name;
    EXPECT_EQ(trace.categories.at(0), "other");
  }
}

// At the peak of a plain step, in the backward of the loss, logits live three times in float32: themselves, their
// softmax and its gradient. Gradients: none yet. Each holds 8 x 128 x 2048 numbers; labels and counts are small.
TEST(MemoryCategories, OfThePeakOfAPlainStepAreLogitsThreeTimesAndActivations) {
  const auto cases = step_cases();
  const auto trace = record(find_case(cases, "plain"), 0, {}, /*num_steps=*/2);
  const auto peak = profile::profile_memory(trace, {.capacity_bytes = memory::kGiB}).whole.peak;
  const auto bytes_of = [&](std::string_view category) {
    const auto found = std::find(trace.categories.begin(), trace.categories.end(), category);
    return static_cast<double>(peak.by_category.at(found - trace.categories.begin()));
  };
  const double logits = 8.0 * 128 * 2048 * 4;
  EXPECT_NEAR(bytes_of("logits_and_loss"), 3 * logits, 0.01 * logits);
  EXPECT_EQ(bytes_of("gradients"), 0.0);
  EXPECT_GT(bytes_of("activations"), logits);
}

}  // namespace
}  // namespace titan::test
