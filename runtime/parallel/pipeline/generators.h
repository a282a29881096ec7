#pragma once

#include "runtime/parallel/pipeline/make_schedule.h"

namespace titan::pipeline {

// The order of computations of one rank, for shapes that check_shape accepts. Pure functions; make_schedule calls them.

Actions gpipe_order(const ScheduleShape& shape, int rank);
Actions one_f_one_b_order(const ScheduleShape& shape, int rank);
Actions looped_bfs_order(const ScheduleShape& shape, int rank);
/// Interleaved1F1B and InterleavedZeroBubble.
Actions interleaved_order(const ScheduleShape& shape, int rank);
Actions zbv_order(const ScheduleShape& shape, int rank);
Actions dual_pipe_v_order(const ScheduleShape& shape, int rank);

/// Rounds of an interleaved schedule: in each, the same number of microbatches passes all stages of a rank.
int num_rounds(const ScheduleShape& shape);

}  // namespace titan::pipeline
