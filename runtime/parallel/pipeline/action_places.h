#pragma once

#include <array>
#include <vector>

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// Where each action of a schedule is, by what it does; parts of an overlap are found at the overlap's position.
class ActionPlaces {
 public:
  static constexpr int kNowhere = -1;

  explicit ActionPlaces(const Schedule& schedule);

  /// The position in the order of its stage's rank, or kNowhere.
  int position(ActionKind kind, int stage, int microbatch) const { return table(kind)[entry(stage, microbatch)]; }
  /// The position of what gives the gradient of the stage's input: B or I.
  int input_gradient(int stage, int microbatch) const;
  /// The position of what ends the microbatch on its stage: B or W.
  int weight_gradient(int stage, int microbatch) const;

  /// Notes a place. Returns the one noted before, or kNowhere.
  int note(const Action& part, int position);

 private:
  size_t entry(int stage, int microbatch) const {
    return static_cast<size_t>(stage) * num_microbatches_ + (microbatch < 0 ? 0 : microbatch);
  }
  std::vector<int>& table(ActionKind kind) { return tables_[static_cast<size_t>(kind)]; }
  const std::vector<int>& table(ActionKind kind) const { return tables_[static_cast<size_t>(kind)]; }

  size_t num_microbatches_;
  std::array<std::vector<int>, 12> tables_;
};

}  // namespace titan::pipeline
