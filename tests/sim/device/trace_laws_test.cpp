#include <gtest/gtest.h>

#include "sim/trace/difference.h"
#include "sim/trace/happens_before.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/device/record_step.h"

namespace titan::test {
namespace {

class TraceLaws : public testing::TestWithParam<StepCase> {};

TEST_P(TraceLaws, RecordingTwiceGivesTheSameTrace) {
  const auto first = record(GetParam(), 0, {}, /*num_steps=*/2);
  const auto second = record(GetParam(), 0, {}, /*num_steps=*/2);
  EXPECT_GT(first.nodes.size(), 100u);
  EXPECT_TRUE(first == second);
}

TEST_P(TraceLaws, EveryReadComesAfterTheWriteItNeeds) {
  const auto trace = record(GetParam(), GetParam().world_size - 1, {}, /*num_steps=*/2);
  EXPECT_EQ(trace::find_fault(trace), std::nullopt);
  for (const auto& hazard : trace::find_hazards(trace)) ADD_FAILURE() << hazard.what;
}

INSTANTIATE_TEST_SUITE_P(MoreSteps, TraceLaws, testing::ValuesIn(more_step_cases()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(OffloadedSteps, TraceLaws, testing::ValuesIn(offload_cases()),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Steps, TraceLaws, testing::ValuesIn(step_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace titan::test
