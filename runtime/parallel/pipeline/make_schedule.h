#pragma once

#include <cstdint>
#include <string>

#include "runtime/parallel/pipeline/schedule_kind.h"

namespace titan::pipeline {

/// What decides a schedule: its name and sizes.
struct ScheduleShape {
  ScheduleKind kind = ScheduleKind::k1F1B;
  int num_ranks = 1;
  int stages_per_rank = 1;
  int num_microbatches = 1;

  int num_stages() const { return num_ranks * stages_per_rank; }
};

/// Names of what the user can change about a shape: keys of the configuration, or options of a command.
struct ShapeKeys {
  std::string schedule = "parallelism.pipeline_parallel_schedule";
  std::string stages_per_rank = "parallelism.pipeline_parallel_layers_per_stage";
  std::string num_microbatches = "training.local_batch_size";
};

/// Refuses what a schedule cannot do. Throws ConfigError: one stage per rank for a single-stage schedule, two or more
/// for the others, exactly two for a V; 1F1B and DualPipeV need as many microbatches as stages; the interleaved ones
/// run max(1, microbatches / ranks) equal rounds.
void check_shape(const ScheduleShape& shape, const ShapeKeys& keys = {});

/// The part of check_shape that concerns stages only.
void check_stages_per_rank(const ScheduleShape& shape, const ShapeKeys& keys = {});

/// Makes the order of computations of every rank, without transfers and sharding, equal to PyTorch 2.11's action by
/// action. Throws ConfigError as check_shape does, and for a schedule that has no order of its own.
Schedule make_schedule(const ScheduleShape& shape, const ShapeKeys& keys = {});

/// The largest number of stages times microbatches that is made.
inline constexpr int64_t kMostForwards = 1'000'000;

}  // namespace titan::pipeline
