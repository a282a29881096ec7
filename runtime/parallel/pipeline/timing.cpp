#include "runtime/parallel/pipeline/timing.h"

#include <algorithm>
#include <numeric>

#include "runtime/config/check.h"

namespace titan::pipeline {
namespace {

constexpr double kNotYet = -1;

class Clock {
 public:
  Clock(const Schedule& schedule, const Durations& durations)
      : schedule_(schedule),
        durations_(durations),
        activation_at_(size_t(schedule.num_stages()) * schedule.num_microbatches, kNotYet),
        gradient_at_(activation_at_),
        next_(schedule.ranks.size(), 0),
        free_at_(schedule.ranks.size(), 0) {}

  Timeline run() {
    timeline_.ranks.resize(schedule_.ranks.size());
    timeline_.busy.resize(schedule_.ranks.size(), 0);
    bool progress = true;
    while (progress) {
      progress = false;
      for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
        while (step(rank)) progress = true;
      }
    }
    for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
      config::check(next_[rank] == schedule_.ranks[rank].size(), "ideal_timeline: a rank waits for ever: rank=", rank,
                    " position=", next_[rank]);
    }
    timeline_.length = *std::max_element(free_at_.begin(), free_at_.end());
    return std::move(timeline_);
  }

 private:
  bool step(int rank) {
    if (next_[rank] == schedule_.ranks[rank].size()) return false;
    const Action& action = schedule_.ranks[rank][next_[rank]];
    double start = free_at_[rank];
    double duration = 0;
    for (const Action& part : parts_of(action)) {
      const double there = input_at(part);
      if (there == kNotYet) return false;
      start = std::max(start, there);
      duration += durations_.of(part.kind);
    }
    ++next_[rank];
    free_at_[rank] = start + duration;
    timeline_.ranks[rank].push_back({start, start + duration});
    timeline_.busy[rank] += duration;
    for (const Action& part : parts_of(action)) hand_on(part, start + duration);
    return true;
  }

  size_t entry(int stage, int microbatch) const { return size_t(stage) * schedule_.num_microbatches + microbatch; }

  double input_at(const Action& part) const {
    if (part.kind == ActionKind::kForward && part.stage > 0) return activation_at_[entry(part.stage, part.microbatch)];
    if (gives_input_gradient(part.kind) && part.stage + 1 < schedule_.num_stages())
      return gradient_at_[entry(part.stage, part.microbatch)];
    return 0;
  }

  void hand_on(const Action& part, double end) {
    if (part.kind == ActionKind::kForward && part.stage + 1 < schedule_.num_stages()) {
      const double delay = schedule_.sends_forward(part.stage) ? durations_.transfer : 0;
      activation_at_[entry(part.stage + 1, part.microbatch)] = end + delay;
    } else if (gives_input_gradient(part.kind) && part.stage > 0) {
      const double delay = schedule_.sends_backward(part.stage) ? durations_.transfer : 0;
      gradient_at_[entry(part.stage - 1, part.microbatch)] = end + delay;
    }
  }

  const Schedule& schedule_;
  const Durations& durations_;
  std::vector<double> activation_at_;  // by stage and microbatch: when the stage's input is there
  std::vector<double> gradient_at_;    // the same for the gradient of its output
  std::vector<size_t> next_;
  std::vector<double> free_at_;
  Timeline timeline_;
};

}  // namespace

double Durations::of(ActionKind kind) const {
  switch (kind) {
    case ActionKind::kForward:
      return forward;
    case ActionKind::kBackward:
      return backward.value_or(backward_input + backward_weight);
    case ActionKind::kBackwardInput:
      return backward_input;
    case ActionKind::kBackwardWeight:
      return backward_weight;
    default:
      return 0;
  }
}

double Timeline::bubble_share() const {
  const double total = static_cast<double>(busy.size()) * length;
  return total > 0 ? 1 - std::accumulate(busy.begin(), busy.end(), 0.0) / total : 0;
}

Timeline ideal_timeline(const Schedule& schedule, const Durations& durations) {
  return Clock(schedule, durations).run();
}

std::vector<int> peak_in_flight(const Schedule& schedule) {
  std::vector<int> peaks;
  for (const Actions& actions : schedule.ranks) {
    int now = 0;
    int peak = 0;
    for (const Action& action : actions) {
      for (const Action& part : parts_of(action)) {
        now += part.kind == ActionKind::kForward ? 1 : gives_weight_gradient(part.kind) ? -1 : 0;
        peak = std::max(peak, now);
      }
    }
    peaks.push_back(peak);
  }
  return peaks;
}

}  // namespace titan::pipeline
