#include <algorithm>

#include "runtime/parallel/pipeline/generators.h"
#include "runtime/parallel/pipeline/rank_order.h"

namespace titan::pipeline {
namespace {

/// Where an interleaved schedule is: microbatches go in groups of one round through the rank's stages in turn.
struct Rounds {
  const ScheduleShape& shape;
  int rank;
  int per_round;

  int forward_stage(int step) const { return local_stage(step) * shape.num_ranks + rank; }
  int backward_stage(int step) const {
    return (shape.stages_per_rank - 1 - local_stage(step)) * shape.num_ranks + rank;
  }

 private:
  int local_stage(int step) const { return step / per_round % shape.stages_per_rank; }
};

}  // namespace

Actions gpipe_order(const ScheduleShape& shape, int rank) {
  RankOrder order(shape.num_stages());
  for (int i = 0; i < shape.num_microbatches; ++i) order.forward(rank);
  for (int i = 0; i < shape.num_microbatches; ++i) order.backward(rank);
  return order.take();
}

// A rank runs ahead by as many forwards as it takes for the first gradient to come back.
Actions one_f_one_b_order(const ScheduleShape& shape, int rank) {
  RankOrder order(shape.num_stages());
  const int warmup = std::min(shape.num_microbatches, shape.num_ranks - rank);
  for (int i = 0; i < warmup; ++i) order.forward(rank);
  for (int i = 0; i < shape.num_microbatches; ++i) {
    order.backward(rank);
    if (warmup + i < shape.num_microbatches) order.forward(rank);
  }
  return order.take();
}

Actions looped_bfs_order(const ScheduleShape& shape, int rank) {
  Actions actions;
  for (int local = 0; local < shape.stages_per_rank; ++local) {
    const int stage = local * shape.num_ranks + rank;
    for (int i = 0; i < shape.num_microbatches; ++i) actions.push_back({stage, ActionKind::kForward, i});
  }
  for (int local = shape.stages_per_rank - 1; local >= 0; --local) {
    const int stage = local * shape.num_ranks + rank;
    for (int i = shape.num_microbatches - 1; i >= 0; --i) actions.push_back({stage, ActionKind::kBackward, i});
  }
  return actions;
}

int num_rounds(const ScheduleShape& shape) { return std::max(1, shape.num_microbatches / shape.num_ranks); }

// Narayanan et al., arXiv:2104.04473. With zero bubble (ZB1P of arXiv:2401.10241) a rank may start its backwards
// sooner, since a gradient comes back sooner, and puts as many W off as ranks are before it.
Actions interleaved_order(const ScheduleShape& shape, int rank) {
  const bool zero_bubble = shape.kind == ScheduleKind::kInterleavedZeroBubble;
  const Rounds rounds{shape, rank, shape.num_microbatches / num_rounds(shape)};
  const int total = shape.stages_per_rank * shape.num_microbatches;
  const int hops = shape.num_ranks - 1 - rank;
  const int warmup = std::min(total, (shape.stages_per_rank - 1) * rounds.per_round + (zero_bubble ? 1 : 2) * hops);
  RankOrder order(shape.num_stages());
  for (int step = 0; step < warmup; ++step) order.forward(rounds.forward_stage(step));
  for (int step = 0; step < total; ++step) {
    if (warmup + step < total) order.forward(rounds.forward_stage(warmup + step));
    if (!zero_bubble) {
      order.backward(rounds.backward_stage(step));
      continue;
    }
    order.backward_input(rounds.backward_stage(step));
    if (step >= rank) order.backward_weight();
  }
  while (order.has_pending_weight()) order.backward_weight();
  return order.take();
}

}  // namespace titan::pipeline
