// How long a prediction takes, in time of this process's own threads and with twice what the issue allows, so that
// neither slow nor busy machines fail.
#include <gtest/gtest.h>

#include <algorithm>

#include "estimator/simulate/record.h"
#include "estimator/simulate/simulate.h"
#include "tests/estimator/simulate/scenario.h"

namespace titan::test {
namespace {

constexpr double kSlowMachine = 2.0;

/// The shortest of three runs.
template <class F>
double duration_s(F&& function) {
  double shortest_s = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double begin_s = cpu_time_s();
    function();
    shortest_s = std::min(shortest_s, cpu_time_s() - begin_s);
  }
  return shortest_s;
}

TEST(Durations, PricingARecordingOnAnotherMachineTakesFiftyMilliseconds) {
  const auto scenario = llama3("8B", 8, checkpointing("op"));
  const auto recording = estimator::record(scenario.request());
  auto other = scenario;
  other.machine = hardware::load_machine({.hardware = "h200_sxm"}, TITAN_SOURCE_DIR "/configs");
  const double seconds = duration_s([&] { estimator::simulate(other.request(), recording); });
  RecordProperty("milliseconds", std::to_string(1e3 * seconds));
  EXPECT_LE(seconds, 0.050 * kSlowMachine);
}

TEST(Durations, RecordingAndPricing405BOn512GpusTakesASecond) {
  const auto scenario = llama3("405B", 512, all_of({tensor_parallel(8), local_batch(2), checkpointing("full")}));
  const double seconds = duration_s([&] { estimator::simulate(scenario.request()); });
  RecordProperty("milliseconds", std::to_string(1e3 * seconds));
  EXPECT_LE(seconds, 1.0 * kSlowMachine);
}

}  // namespace
}  // namespace titan::test
