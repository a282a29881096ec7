#include "runtime/parallel/pipeline/rank_order.h"

#include <algorithm>

namespace titan::pipeline {

void RankOrder::overlap(int forward_stage, int backward_stage) {
  actions_.push_back({-1, ActionKind::kOverlap, -1, {next_forward(forward_stage), next_backward(backward_stage)}});
}

void RankOrder::backward_input(int stage) {
  const int microbatch = next_backward_[stage]++;
  actions_.push_back({stage, ActionKind::kBackwardInput, microbatch});
  pending_.push_back({stage, ActionKind::kBackwardWeight, microbatch});
}

void RankOrder::backward_weight() {
  if (!pending_.empty()) backward_weight(pending_.front().stage);
}

void RankOrder::backward_weight(int stage) {
  const auto oldest =
      std::find_if(pending_.begin(), pending_.end(), [stage](const Action& one) { return one.stage == stage; });
  if (oldest == pending_.end()) return;
  actions_.push_back(*oldest);
  pending_.erase(oldest);
}

}  // namespace titan::pipeline
