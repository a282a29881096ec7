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

// The fill is p - 1 forwards; where I takes longer than W, the W that are put off do not fill the wait for each
// gradient: (p - 1) (F + max(0, I - W)).
TEST(Timing, ZeroBubbleLeavesTheFillAndWhatInputGradientsTakeLonger) {
  for (const Durations& durations :
       {Durations{1, 1, 1}, Durations{1, 1.5, 0.5}, Durations{1, 0.5, 1.5}, Durations{2, 1, 1}}) {
    const double longer = std::max(0.0, durations.backward_input - durations.backward_weight);
    for (int p = 1; p <= 6; ++p) {
      for (int v = 2; v <= 4; ++v) {
        for (int m = 2 * p; m <= 5 * p; m += p) {
          const ScheduleShape shape{ScheduleKind::kInterleavedZeroBubble, p, v, m};
          const auto timeline = ideal_timeline(make_schedule(shape), durations);
          EXPECT_NEAR(timeline.length - timeline.busy[0], (p - 1) * (durations.forward + longer), 1e-9)
              << text_of(shape);
        }
      }
    }
  }
}

// Each rank works without a pause from its first forward on, which comes r forwards after rank 0's: of 6 m + p - 1
// units p - 1 are the ranks' different starts.
TEST(Timing, ZbvHasNoBubbleInsideWhenForwardsAndHalvesOfBackwardsTakeTheSame) {
  for (int p = 1; p <= 6; ++p) {
    for (int m = 2 * p - 1; m <= 4 * p; ++m) {
      const ScheduleShape shape{ScheduleKind::kZbvZeroBubble, p, 2, m};
      EXPECT_NEAR(bubble(shape), (p - 1.0) / (6 * m + p - 1), kTolerance) << text_of(shape);
      const auto timeline = ideal_timeline(make_schedule(shape));
      for (int rank = 0; rank < p; ++rank) {
        EXPECT_NEAR(timeline.ranks[rank].front().start, rank, kTolerance);
        EXPECT_NEAR(timeline.ranks[rank].back().end - rank, timeline.busy[rank], kTolerance);
      }
    }
  }
}

// The parts of an overlap count one after another: 2 (p - 1) units of waiting.
TEST(Timing, BubbleOfDualPipeVIsTwiceTheFill) {
  for (int p = 1; p <= 6; ++p) {
    for (int m = 2 * p; m <= 5 * p; ++m) {
      const ScheduleShape shape{ScheduleKind::kDualPipeV, p, 2, m};
      EXPECT_NEAR(bubble(shape), 2 * (p - 1.0) / (6 * m + 2 * (p - 1)), kTolerance) << text_of(shape);
    }
  }
}

TEST(Timing, LoweringChangesNoTime) {
  for (const ScheduleShape& shape : valid_shapes(5, 3, 8)) {
    const Schedule schedule = make_schedule(shape);
    const Durations durations{1, 1.25, 0.75, {}, 0.5};
    EXPECT_EQ(ideal_timeline(lower(schedule), durations).length, ideal_timeline(schedule, durations).length)
        << text_of(shape);
  }
}

// A microbatch alone passes all p ranks and comes back: 2 (p - 1) transfers.
TEST(Timing, TransfersDelayWhoWaitsForThem) {
  for (int p = 1; p <= 5; ++p) {
    const auto timeline = ideal_timeline(make_schedule({ScheduleKind::kGPipe, p, 1, 1}), {.transfer = 0.5});
    EXPECT_NEAR(timeline.length, 3 * p + 0.5 * 2 * (p - 1), kTolerance);
  }
}

// Of the 6 hops of one microbatch through a V of 4 stages and back, 2 are inside rank 1: F0, F1 F2, F3 I3, I2 W2 I1, I0
// W0 with a transfer between each two.
TEST(Timing, NeighboursOnOneRankNeedNoTransfer) {
  const auto timeline = ideal_timeline(make_schedule({ScheduleKind::kZbvZeroBubble, 2, 2, 1}), {.transfer = 10});
  EXPECT_NEAR(timeline.length, 1 + 2 + 2 + 3 + 2 + 4 * 10, kTolerance);
}

TEST(Timing, TimeGrowsWithEveryDuration) {
  for (const ScheduleShape& shape : valid_shapes(4, 2, 8)) {
    const Schedule schedule = make_schedule(shape);
    const double base = ideal_timeline(schedule).length;
    for (const Durations& longer :
         {Durations{1.5, 1, 1}, Durations{1, 1.5, 1}, Durations{1, 1, 1.5}, Durations{.transfer = 1}})
      EXPECT_GE(ideal_timeline(schedule, longer).length, base) << text_of(shape);
  }
}

TEST(Timing, AScheduleThatBlocksIsTheCallersFault) {
  EXPECT_THROW(ideal_timeline(schedule_from({"0F0 0B0 0F1 0B1", "1F1 1B1 1F0 1B0"})), config::ContractError);
}

TEST(InFlight, IsBoundedByTheDistanceToTheEndOfThePipeline) {
  for (const ScheduleShape& shape : valid_shapes(6, 4, 18)) {
    const auto peaks = peak_in_flight(make_schedule(shape));
    const int p = shape.num_ranks;
    const int v = shape.stages_per_rank;
    const int m = shape.num_microbatches;
    for (int rank = 0; rank < p; ++rank) {
      SCOPED_TRACE(text_of(shape) + " rank " + std::to_string(rank));
      switch (shape.kind) {
        case ScheduleKind::kGPipe:
        case ScheduleKind::kLoopedBfs:
          EXPECT_EQ(peaks[rank], v * m);
          break;
        case ScheduleKind::k1F1B:
          EXPECT_EQ(peaks[rank], std::min(m, p - rank));
          break;
        case ScheduleKind::kInterleaved1F1B: {
          // The warm-up and one more; a round has m / rounds microbatches.
          const int round = m / std::max(1, m / p);
          EXPECT_EQ(peaks[rank], std::min(v * m, (v - 1) * round + 2 * (p - 1 - rank) + 1));
          break;
        }
        case ScheduleKind::kZbvZeroBubble:
          EXPECT_LE(peaks[rank], 2 * p);
          break;
        case ScheduleKind::kDualPipeV:
          EXPECT_EQ(peaks[rank], 2 * p + 1);
          break;
        default:  // InterleavedZeroBubble: warm-up, one more, and as many W put off as ranks are before
          EXPECT_LE(peaks[rank], (v - 1) * (m / std::max(1, m / p)) + p);
      }
    }
  }
}

}  // namespace
}  // namespace titan::pipeline
