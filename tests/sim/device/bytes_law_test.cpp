#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "runtime/comm/communicator.h"
#include "runtime/platform/memory_category.h"
#include "runtime/platform/rank_threads.h"
#include "tests/sim/device/record_step.h"
#include "validate/divergence/forwarding_platform.h"

namespace titan::test {
namespace {

/// Bytes at the begin or end of a scope, and the most since the mark before.
struct Mark {
  std::string what;
  int64_t bytes = 0;
  int64_t peak = 0;
};

/// Notes what the platform's memory statistics say at every scope's ends.
class Observed final : public validate::ForwardingPlatform {
 public:
  Observed(platform::Platform& inner, std::vector<Mark>& marks) : ForwardingPlatform(inner), marks_(marks) {}

  platform::Scope annotate(std::string_view name) override {
    if (name.starts_with(platform::kMemoryScopePrefix)) return platform::Scope();
    mark("begin " + std::string(name));
    return platform::Scope([this, end = "end " + std::string(name)] { mark(end); });
  }

 private:
  void mark(const std::string& what) {
    const auto stats = memory_stats();
    marks_.push_back({what, stats.allocated_bytes, stats.peak_allocated_bytes});
  }

  std::vector<Mark>& marks_;
};

std::vector<Mark> marks_on_cpu(const StepCase& one, int rank) {
  std::vector<Mark> marks;
  platform::run_rank_threads(one.world_size, [&](platform::Platform& platform) {
    std::vector<Mark> own;
    Observed observed(platform, own);
    train_steps(one, observed, /*num_steps=*/2, [] {});
    if (platform.world().rank == rank) marks = std::move(own);
  });
  return marks;
}

std::vector<Mark> marks_of(const trace::Trace& trace) {
  std::vector<Mark> marks;
  std::vector<std::string> scopes;
  int64_t live = 0, peak = 0;
  const auto mark = [&](const std::string& what) {
    marks.push_back({what, live, peak});
    peak = live;
  };
  for (const auto& node : trace.nodes) {
    switch (node.kind) {
      case trace::NodeKind::alloc:
        live += static_cast<int64_t>(node.value);
        peak = std::max(peak, live);
        break;
      case trace::NodeKind::free:
        live -= static_cast<int64_t>(node.value);
        break;
      case trace::NodeKind::begin_scope:
        scopes.push_back(trace.names[node.id]);
        mark("begin " + scopes.back());
        break;
      case trace::NodeKind::end_scope:
        mark("end " + scopes.back());
        scopes.pop_back();
        break;
      default:
        break;
    }
  }
  return marks;
}

double relative(int64_t expected, int64_t actual) {
  return std::abs(static_cast<double>(actual - expected)) / static_cast<double>(expected);
}

class BytesLaw : public testing::TestWithParam<StepCase> {};

// Law (issue 5): requested bytes at every boundary of a scope, and the peak, are those of the same step on the CPU.
TEST_P(BytesLaw, RecordedStepRequestsWhatTheCpuRequests) {
  const auto& one = GetParam();
  const int rank = one.world_size - 1;
  const auto expected = marks_on_cpu(one, rank);
  const auto actual = marks_of(record(one, rank, sim::host_kernels(), /*num_steps=*/2));
  ASSERT_EQ(expected.size(), actual.size());
  double worst = 0.0;
  int64_t peak = 0, recorded_peak = 0;
  std::string where;
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].what, actual[i].what);
    peak = std::max(peak, expected[i].peak);
    recorded_peak = std::max(recorded_peak, actual[i].peak);
    const double error = relative(expected[i].bytes, actual[i].bytes);
    if (error <= worst) continue;
    worst = error;
    where = "mark " + std::to_string(i) + " (" + expected[i].what + "): " + std::to_string(expected[i].bytes) +
            " on the CPU, " + std::to_string(actual[i].bytes) + " recorded";
  }
  RecordProperty("worst_boundary_percent", std::to_string(100.0 * worst));
  RecordProperty("peak_percent", std::to_string(100.0 * relative(peak, recorded_peak)));
  EXPECT_LE(worst, 0.01) << where;
  EXPECT_LE(relative(peak, recorded_peak), 0.01) << peak << " on the CPU, " << recorded_peak << " recorded";
}

INSTANTIATE_TEST_SUITE_P(Steps, BytesLaw, testing::ValuesIn(step_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace titan::test
