#include <algorithm>

#include "runtime/parallel/pipeline/generators.h"
#include "runtime/parallel/pipeline/rank_order.h"

namespace titan::pipeline {
namespace {

/// The two stages of a rank: on the way down and on the way back up.
struct VStages {
  VStages(const ScheduleShape& shape, int rank) : down(rank), up(shape.num_stages() - 1 - rank) {}
  int down;
  int up;
};

void whole_backward(RankOrder& order, int stage) {
  order.backward_input(stage);
  order.backward_weight(stage);
}

void zbv_warmup(RankOrder& order, const VStages& stages, int rank, int num_ranks) {
  for (int i = 0; i < 2 * (num_ranks - rank) - 1; ++i) order.forward(stages.down);
  for (int i = 0; i < rank; ++i) {
    order.forward(stages.up);
    order.forward(stages.down);
  }
  for (int i = 0; i < num_ranks - rank; ++i) {
    order.forward(stages.up);
    whole_backward(order, stages.up);
  }
}

void zbv_cooldown(RankOrder& order, const VStages& stages, int rank, int num_ranks) {
  for (int i = 0; i < rank; ++i) {
    order.backward_input(stages.down);
    order.backward_input(stages.up);
  }
  for (int i = 0; i < num_ranks - rank; ++i) {
    order.backward_input(stages.down);
    order.backward_weight(stages.down);
  }
  for (int i = 0; i < rank; ++i) order.backward_weight(stages.up);
  while (order.has_pending_weight()) order.backward_weight(stages.down);
}

void dual_pipe_v_warmup(RankOrder& order, const VStages& stages, int rank, int num_ranks) {
  const int below = num_ranks - 1 - rank;
  for (int i = 0; i < 2 * below; ++i) order.forward(stages.down);
  for (int i = 0; i <= rank; ++i) {
    order.forward(stages.down);
    order.forward(stages.up);
  }
  for (int i = 0; i < below; ++i) {
    order.backward_input(stages.up);
    order.backward_weight();
    order.forward(stages.up);
  }
}

// The last rank does not overlap its first pair: the rank before it waits for that backward alone.
void dual_pipe_v_steady(RankOrder& order, const VStages& stages, int num_pairs, bool last_rank) {
  for (int i = 0; i < num_pairs; ++i) {
    if (i == 0 && last_rank) {
      order.forward(stages.down);
      order.backward(stages.up);
    } else {
      order.overlap(stages.down, stages.up);
    }
    order.overlap(stages.up, stages.down);
  }
}

// In the second half of the cool-down weight gradients are put off, to fill the waits of the last steps. Backwards
// alternate between the stages; ranks of even number begin to put off one later, behind the middle pair's first.
void dual_pipe_v_cooldown(RankOrder& order, const VStages& stages, int rank, int num_ranks) {
  const int below = num_ranks - 1 - rank;
  const int num_backwards = 2 * (rank + 1);
  const int split_from = (rank + 1) / 2 * 2 + (rank % 2 == 1 ? 0 : 1);
  for (int i = 0; i < below; ++i) {
    order.backward(stages.up);
    order.overlap(stages.up, stages.down);
  }
  for (int i = 0; i < num_backwards; ++i) {
    const int stage = i % 2 == 0 ? stages.up : stages.down;
    if (i < split_from) {
      order.backward(stage);
    } else {
      order.backward_input(stage);
    }
  }
  for (int i = 0; i < below; ++i) {
    order.backward_weight();
    order.backward_input(stages.down);
  }
  for (int i = 0; i <= rank; ++i) order.backward_weight();
}

}  // namespace

// Qi et al., arXiv:2401.10241, section 6. The order is that of at least 2 pp - 1 microbatches, which fill the pipeline;
// of fewer, the missing ones are left out.
Actions zbv_order(const ScheduleShape& shape, int rank) {
  const int num_ranks = shape.num_ranks;
  const int filled = std::max(2 * num_ranks - 1, shape.num_microbatches);
  const VStages stages(shape, rank);
  RankOrder order(shape.num_stages());
  zbv_warmup(order, stages, rank, num_ranks);
  while (order.num_forwards(stages.up) < filled) {
    if (order.num_forwards(stages.down) < filled) order.forward(stages.down);
    whole_backward(order, stages.down);
    order.forward(stages.up);
    whole_backward(order, stages.up);
  }
  zbv_cooldown(order, stages, rank, num_ranks);
  Actions actions = order.take();
  std::erase_if(actions, [&shape](const Action& one) { return one.microbatch >= shape.num_microbatches; });
  return actions;
}

// The V of DualPipe (DeepSeek-V3, arXiv:2412.19437): in the steady phase the forward of one stage overlaps the backward
// of the rank's other stage.
Actions dual_pipe_v_order(const ScheduleShape& shape, int rank) {
  const int num_ranks = shape.num_ranks;
  const VStages stages(shape, rank);
  RankOrder order(shape.num_stages());
  dual_pipe_v_warmup(order, stages, rank, num_ranks);
  const int num_pairs = shape.num_microbatches - 2 * num_ranks + rank + 1;
  dual_pipe_v_steady(order, stages, num_pairs, rank == num_ranks - 1);
  dual_pipe_v_cooldown(order, stages, rank, num_ranks);
  return order.take();
}

}  // namespace titan::pipeline
