#include "runtime/parallel/pipeline/make_schedule.h"

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/parallel/pipeline/generators.h"

namespace titan::pipeline {
namespace {

using config::ConfigError;

void check_rounds(const ScheduleShape& shape, const char* name, const ShapeKeys& keys) {
  const int rounds = num_rounds(shape);
  if (shape.num_microbatches % rounds == 0) return;
  throw ConfigError(keys.num_microbatches,
                    std::string(name) +
                        " requires the number of microbatches to be a multiple of the number of rounds (" +
                        std::to_string(rounds) + "), but got " + std::to_string(shape.num_microbatches) + ".");
}

void check_microbatches(const ScheduleShape& shape, const ShapeKeys& keys) {
  const int stages = shape.num_stages();
  const std::string count = std::to_string(shape.num_microbatches);
  switch (shape.kind) {
    case ScheduleKind::k1F1B:
      if (shape.num_microbatches >= stages) return;
      throw ConfigError(keys.num_microbatches, "Number of microbatches (" + count +
                                                   ") must be greater than or equal to the number of stages (" +
                                                   std::to_string(stages) + ").");
    case ScheduleKind::kDualPipeV:
      if (shape.num_microbatches >= stages) return;
      throw ConfigError(keys.num_microbatches, "DualPipeV requires at least as many microbatches as stages, but got " +
                                                   count + " microbatches and " + std::to_string(stages) + " stages.");
    case ScheduleKind::kInterleaved1F1B:
      return check_rounds(shape, "Interleaved 1F1B", keys);
    case ScheduleKind::kInterleavedZeroBubble:
      return check_rounds(shape, "Zero bubble", keys);
    default:
      return;
  }
}

Actions rank_order(const ScheduleShape& shape, int rank) {
  switch (shape.kind) {
    case ScheduleKind::k1F1B:
      return one_f_one_b_order(shape, rank);
    case ScheduleKind::kGPipe:
      return gpipe_order(shape, rank);
    case ScheduleKind::kLoopedBfs:
      return looped_bfs_order(shape, rank);
    case ScheduleKind::kInterleaved1F1B:
    case ScheduleKind::kInterleavedZeroBubble:
      return interleaved_order(shape, rank);
    case ScheduleKind::kZbvZeroBubble:
      return zbv_order(shape, rank);
    case ScheduleKind::kDualPipeV:
      return dual_pipe_v_order(shape, rank);
    default:
      config::check(false, "make_schedule: no generator: schedule=", traits_of(shape.kind).name);
      return {};
  }
}

}  // namespace

void check_stages_per_rank(const ScheduleShape& shape, const ShapeKeys& keys) {
  const ScheduleTraits& traits = traits_of(shape.kind);
  const std::string found =
      ", found " + std::to_string(shape.stages_per_rank) + " with " + keys.schedule + " = " + std::string(traits.name);
  const auto refuse = [&](const char* rule) { throw ConfigError(keys.stages_per_rank, rule + found); };
  if (traits.single_stage && shape.stages_per_rank != 1)
    refuse("Single stage schedule requires exactly 1 stage per rank");
  if (!traits.single_stage && shape.stages_per_rank < 2)
    refuse("Multi-stage schedule requires at least 2 stages per rank");
  if (traits.placement == Placement::kV && shape.stages_per_rank != 2)
    refuse("V schedule requires exactly 2 stages per rank");
}

void check_shape(const ScheduleShape& shape, const ShapeKeys& keys) {
  config::check(shape.num_ranks >= 1 && shape.stages_per_rank >= 1 && shape.num_microbatches >= 1,
                "check_shape: sizes must be at least 1: num_ranks=", shape.num_ranks,
                " stages_per_rank=", shape.stages_per_rank, " num_microbatches=", shape.num_microbatches);
  check_stages_per_rank(shape, keys);
  const int64_t forwards = int64_t{shape.num_ranks} * shape.stages_per_rank * shape.num_microbatches;
  if (forwards > kMostForwards) {
    throw ConfigError(keys.num_microbatches, "stages times microbatches may be at most " +
                                                 std::to_string(kMostForwards) + ", found " + std::to_string(forwards));
  }
  check_microbatches(shape, keys);
}

Schedule make_schedule(const ScheduleShape& shape, const ShapeKeys& keys) {
  const ScheduleTraits& traits = traits_of(shape.kind);
  if (!traits.generated) {
    throw ConfigError(keys.schedule, std::string(traits.name) + " has no order of its own: it needs a CSV file");
  }
  check_shape(shape, keys);
  Schedule schedule{.num_microbatches = shape.num_microbatches,
                    .rank_of_stage = place_stages(shape.num_ranks, shape.num_stages(), traits.placement)};
  for (int rank = 0; rank < shape.num_ranks; ++rank) schedule.ranks.push_back(rank_order(shape, rank));
  return schedule;
}

}  // namespace titan::pipeline
