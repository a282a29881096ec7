#pragma once

#include <utility>
#include <vector>

#include "runtime/parallel/pipeline/action.h"

namespace titan::pipeline {

/// Collects one rank's order of work. Microbatches of a stage come in turn, so the calls name stages only.
class RankOrder {
 public:
  explicit RankOrder(int num_stages) : next_forward_(num_stages, 0), next_backward_(num_stages, 0) {}

  void forward(int stage) { actions_.push_back(next_forward(stage)); }
  void backward(int stage) { actions_.push_back(next_backward(stage)); }
  void overlap(int forward_stage, int backward_stage);
  /// Adds I and puts its W off.
  void backward_input(int stage);
  /// Adds the oldest W that was put off, if there is one.
  void backward_weight();
  /// Adds the oldest W of `stage` that was put off, if there is one.
  void backward_weight(int stage);
  bool has_pending_weight() const { return !pending_.empty(); }

  int num_forwards(int stage) const { return next_forward_[stage]; }
  Actions take() { return std::move(actions_); }

 private:
  Action next_forward(int stage) { return {stage, ActionKind::kForward, next_forward_[stage]++}; }
  Action next_backward(int stage) { return {stage, ActionKind::kBackward, next_backward_[stage]++}; }

  Actions actions_;
  Actions pending_;  // weight gradients, oldest first
  std::vector<int> next_forward_;
  std::vector<int> next_backward_;
};

}  // namespace titan::pipeline
