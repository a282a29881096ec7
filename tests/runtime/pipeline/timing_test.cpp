#include "runtime/parallel/pipeline/timing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/config/check.h"
#include "runtime/parallel/pipeline/lower.h"
#include "tests/runtime/pipeline/shapes.h"

namespace titan::pipeline {
namespace {

constexpr double kTolerance = 1e-12;

double bubble(const ScheduleShape& shape, const Durations& durations = {}) {
  return ideal_timeline(make_schedule(shape), durations).bubble_share();
}

// The first microbatch reaches the last rank after p - 1 forwards and the last gradient comes back p - 1 backwards
// after it left: the step is (m + p - 1) (F + B), of which a rank works m (F + B).
TEST(Timing, BubbleOfOneStagePerRankIsPMinus1OverMPlusPMinus1) {
  for (const ScheduleShape& shape : valid_shapes(8, 1, 16)) {
    SCOPED_TRACE(text_of(shape));
    const double p = shape.num_ranks;
    const double m = shape.num_microbatches;
    for (const Durations& durations : {Durations{}, Durations{1, 0.25, 0.5}, Durations{.forward = 3, .backward = 2}}) {
      const auto timeline = ideal_timeline(make_schedule(shape), durations);
      EXPECT_NEAR(timeline.bubble_share(), (p - 1) / (m + p - 1), kTolerance);
      EXPECT_NEAR(timeline.length, (m + p - 1) * (durations.forward + durations.of(ActionKind::kBackward)), 1e-9);
    }
  }
}

// With v stages per rank a microbatch passes p - 1 hops of 1/v of the layers: (p - 1) / (v m + p - 1), where rounds are
// full (m a multiple of p).
TEST(Timing, BubbleOfInterleaved1F1BIsVTimesSmaller) {
  for (int p = 1; p <= 6; ++p) {
    for (int v = 2; v <= 4; ++v) {
      for (int m = p; m <= 4 * p; m += p) {
        const ScheduleShape shape{ScheduleKind::kInterleaved1F1B, p, v, m};
        EXPECT_NEAR(bubble(shape), (p - 1.0) / (v * m + p - 1), kTolerance) << text_of(shape);
      }
    }
  }
}

TEST(Timing, BubbleOfLoopedBfsIsThatOfInterleaved) {
  for (int p = 1; p <= 6; ++p) {
    for (int v = 2; v <= 4; ++v) {
      for (int m = p; m <= 4 * p; ++m) {
        const ScheduleShape shape{ScheduleKind::kLoopedBfs, p, v, m};
        EXPECT_NEAR(bubble(shape), (p - 1.0) / (v * m + p - 1), kTolerance) << text_of(shape);
      }
    }
  }
}

}  // namespace
}  // namespace titan::pipeline
