#pragma once

#include <optional>
#include <vector>

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// How long the work of one stage on one microbatch takes, in any unit.
struct Durations {
  double forward = 1;
  double backward_input = 1;
  double backward_weight = 1;
  /// B; absent: I and W one after another.
  std::optional<double> backward = {};
  /// From a stage to one on another rank; it holds up no computation but the one that waits for it.
  double transfer = 0;

  double of(ActionKind kind) const;
};

struct Span {
  double start = 0;
  double end = 0;
};

/// When every rank does what if nothing but order and data make it wait.
struct Timeline {
  /// One span for each action of each rank; those that are no computation take no time.
  std::vector<std::vector<Span>> ranks;
  /// The time that each rank computes.
  std::vector<double> busy;
  /// From the start of the first action to the end of the last.
  double length = 0;

  /// The share of all ranks' time in which they wait: 1 - sum(busy) / (ranks * length).
  double bubble_share() const;
};

/// Computes the ideal times of a valid schedule, of computations only or lowered. The parts of an overlap run one after
/// another and hand both results on at its end. Throws ContractError where a rank would wait for ever.
Timeline ideal_timeline(const Schedule& schedule, const Durations& durations = {});

/// Counts for each rank the most (stage, microbatch) pairs at once between their forward and the end of their weight
/// gradients: what the activations' memory is proportional to.
std::vector<int> peak_in_flight(const Schedule& schedule);

}  // namespace titan::pipeline
