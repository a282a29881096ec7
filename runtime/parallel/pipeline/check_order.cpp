#include "runtime/parallel/pipeline/check_order.h"

#include <map>
#include <utility>

namespace titan::pipeline {
namespace {

using Kind = ActionKind;

std::string text_of(Kind kind, int stage, int microbatch) { return to_string(Action{stage, kind, microbatch}); }

Defect defect_at(const Schedule& schedule, int rank, size_t position, std::string message) {
  const Actions& actions = schedule.ranks[rank];
  return {rank, position, position < actions.size() ? to_string(actions[position]) : "end", std::move(message)};
}

/// Calls visit(rank, position, part) for every action until one returns a message; makes that a defect.
template <class Visit>
std::optional<Defect> first_defect(const Schedule& schedule, const Visit& visit) {
  for (int rank = 0; rank < schedule.num_ranks(); ++rank) {
    const Actions& actions = schedule.ranks[rank];
    for (size_t position = 0; position < actions.size(); ++position) {
      for (const Action& part : parts_of(actions[position])) {
        std::string message = visit(rank, static_cast<int>(position), part);
        if (!message.empty()) return defect_at(schedule, rank, position, std::move(message));
      }
    }
  }
  return std::nullopt;
}

std::string misplaced_stage(const Schedule& schedule, int rank, const Action& part) {
  const std::string stage = "stage " + std::to_string(part.stage);
  if (part.stage < 0 || part.stage >= schedule.num_stages())
    return stage + " does not exist: num_stages=" + std::to_string(schedule.num_stages());
  const int owner = schedule.rank_of_stage[part.stage];
  return owner == rank ? "" : stage + " belongs to rank " + std::to_string(owner);
}

// A transfer that nobody needs: of the first or last stage, or between stages of one rank.
bool is_needless(const Schedule& schedule, const Action& part) {
  switch (part.kind) {
    case Kind::kSendForward:
      return !schedule.sends_forward(part.stage);
    case Kind::kRecvForward:
      return part.stage == 0 || !schedule.sends_forward(part.stage - 1);
    case Kind::kSendBackward:
      return !schedule.sends_backward(part.stage);
    case Kind::kRecvBackward:
      return part.stage + 1 >= schedule.num_stages() || !schedule.sends_backward(part.stage + 1);
    default:
      return false;
  }
}

std::string misplaced(const Schedule& schedule, int rank, const Action& part) {
  if (std::string message = misplaced_stage(schedule, rank, part); !message.empty()) return message;
  if (is_sharding(part.kind)) {
    if (part.microbatch != -1) return "has a microbatch, but concerns all";
    return schedule.has_sharding ? "" : "has no place in a schedule without sharding";
  }
  if (part.microbatch < 0 || part.microbatch >= schedule.num_microbatches) {
    return "microbatch " + std::to_string(part.microbatch) +
           " does not exist: num_microbatches=" + std::to_string(schedule.num_microbatches);
  }
  if (!is_transfer(part.kind)) return "";
  if (!schedule.has_transfers) return "has no place in a schedule without transfers";
  return is_needless(schedule, part) ? "is between stages of one rank, or outside the pipeline" : "";
}

/// What the rank itself must have done before `position`.
class Needs {
 public:
  Needs(const Schedule& schedule, const ActionPlaces& places, int position)
      : schedule_(schedule), places_(places), position_(position) {}

  /// Says what an action at the position lacks, or nothing.
  std::string missing_for(const Action& part) const {
    const int stage = part.stage;
    const int microbatch = part.microbatch;
    switch (part.kind) {
      case Kind::kForward:
        return input_of_forward(stage, microbatch);
      case Kind::kBackward:
      case Kind::kBackwardInput:
        if (std::string message = before(Kind::kForward, stage, microbatch); !message.empty()) return message;
        return input_of_backward(stage, microbatch);
      case Kind::kBackwardWeight:
        return before(Kind::kBackwardInput, stage, microbatch);
      case Kind::kSendForward:
        return before(Kind::kForward, stage, microbatch);
      case Kind::kSendBackward:
        return input_gradient_before(stage, microbatch);
      case Kind::kReduceGrad:
        return all_weight_gradients_before(stage);
      default:
        return "";
    }
  }

 private:
  std::string before(Kind kind, int stage, int microbatch) const {
    return stands_before(places_.position(kind, stage, microbatch)) ? "" : needs(text_of(kind, stage, microbatch));
  }

  std::string input_gradient_before(int stage, int microbatch) const {
    if (stands_before(places_.input_gradient(stage, microbatch))) return "";
    return needs(text_of(Kind::kBackward, stage, microbatch) + " or " +
                 text_of(Kind::kBackwardInput, stage, microbatch));
  }

  std::string input_of_forward(int stage, int microbatch) const {
    if (stage == 0) return "";
    if (!schedule_.sends_forward(stage - 1)) return before(Kind::kForward, stage - 1, microbatch);
    return schedule_.has_transfers ? before(Kind::kRecvForward, stage, microbatch) : "";
  }

  std::string input_of_backward(int stage, int microbatch) const {
    if (stage + 1 == schedule_.num_stages()) return "";
    if (!schedule_.sends_backward(stage + 1)) return input_gradient_before(stage + 1, microbatch);
    return schedule_.has_transfers ? before(Kind::kRecvBackward, stage, microbatch) : "";
  }

  std::string all_weight_gradients_before(int stage) const {
    for (int microbatch = 0; microbatch < schedule_.num_microbatches; ++microbatch) {
      if (stands_before(places_.weight_gradient(stage, microbatch))) continue;
      return needs(text_of(Kind::kBackward, stage, microbatch) + " or " +
                   text_of(Kind::kBackwardWeight, stage, microbatch));
    }
    return "";
  }

  bool stands_before(int place) const { return place != ActionPlaces::kNowhere && place < position_; }
  static std::string needs(const std::string& what) { return "needs " + what + " before it"; }

  const Schedule& schedule_;
  const ActionPlaces& places_;
  int position_;
};

/// Names an action that a stage lacks for a microbatch, or nothing.
std::string missing_of(const Schedule& schedule, const ActionPlaces& places, int stage, int microbatch) {
  const auto lacks = [&](Kind kind) { return places.position(kind, stage, microbatch) == ActionPlaces::kNowhere; };
  const auto text = [&](Kind kind) { return text_of(kind, stage, microbatch); };
  if (lacks(Kind::kForward)) return text(Kind::kForward);
  if (lacks(Kind::kBackward) && lacks(Kind::kBackwardInput))
    return text(Kind::kBackward) + " or " + text(Kind::kBackwardInput);
  if (lacks(Kind::kBackward) && lacks(Kind::kBackwardWeight)) return text(Kind::kBackwardWeight);
  if (!schedule.has_transfers) return "";
  for (const Kind kind : {Kind::kSendForward, Kind::kRecvForward, Kind::kSendBackward, Kind::kRecvBackward}) {
    if (!is_needless(schedule, {stage, kind, microbatch}) && lacks(kind)) return text(kind);
  }
  return "";
}

}  // namespace

std::optional<Defect> find_misplaced(const Schedule& schedule) {
  return first_defect(schedule, [&](int rank, int, const Action& part) { return misplaced(schedule, rank, part); });
}

std::optional<Defect> find_repeated(const Schedule& schedule, ActionPlaces& places) {
  return first_defect(schedule, [&](int, int position, const Action& part) -> std::string {
    if (part.kind == Kind::kUnshard || part.kind == Kind::kReshard) return "";  // find_sharded counts them
    const int before = places.note(part, position);
    if (before != ActionPlaces::kNowhere) return "is there already, at position " + std::to_string(before);
    const auto has = [&](Kind kind) {
      return places.position(kind, part.stage, part.microbatch) != ActionPlaces::kNowhere;
    };
    const bool split = part.kind == Kind::kBackwardInput || part.kind == Kind::kBackwardWeight;
    if (split && has(Kind::kBackward)) return "repeats " + text_of(Kind::kBackward, part.stage, part.microbatch);
    if (part.kind == Kind::kBackward && (has(Kind::kBackwardInput) || has(Kind::kBackwardWeight)))
      return "repeats " + text_of(Kind::kBackwardInput, part.stage, part.microbatch);
    return "";
  });
}

std::optional<Defect> find_unordered(const Schedule& schedule, const ActionPlaces& places) {
  return first_defect(schedule, [&](int, int position, const Action& part) {
    return Needs(schedule, places, position).missing_for(part);
  });
}

std::optional<Defect> find_missing(const Schedule& schedule, const ActionPlaces& places) {
  for (int stage = 0; stage < schedule.num_stages(); ++stage) {
    const int rank = schedule.rank_of_stage[stage];
    const size_t end = schedule.ranks[rank].size();
    for (int microbatch = 0; microbatch < schedule.num_microbatches; ++microbatch) {
      const std::string missing = missing_of(schedule, places, stage, microbatch);
      if (!missing.empty()) return defect_at(schedule, rank, end, missing + " is missing");
    }
    if (schedule.has_sharding && places.position(Kind::kReduceGrad, stage, -1) == ActionPlaces::kNowhere)
      return defect_at(schedule, rank, end, text_of(Kind::kReduceGrad, stage, -1) + " is missing");
  }
  return std::nullopt;
}

std::optional<Defect> find_sharded(const Schedule& schedule) {
  if (!schedule.has_sharding) return std::nullopt;
  std::vector<bool> unsharded(schedule.num_stages(), false);
  auto defect = first_defect(schedule, [&](int, int, const Action& part) -> std::string {
    const bool now = unsharded[part.stage];
    if (part.kind == Kind::kUnshard) {
      unsharded[part.stage] = true;
      return now ? "is unsharded already" : "";
    }
    if (part.kind == Kind::kReshard) unsharded[part.stage] = false;
    const bool needs = part.kind == Kind::kReshard || is_computation(part.kind);
    return needs && !now ? "needs " + text_of(Kind::kUnshard, part.stage, -1) + " before it" : "";
  });
  if (defect) return defect;
  for (int stage = 0; stage < schedule.num_stages(); ++stage) {
    const int rank = schedule.rank_of_stage[stage];
    if (!unsharded[stage]) continue;
    return defect_at(schedule, rank, schedule.ranks[rank].size(), text_of(Kind::kReshard, stage, -1) + " is missing");
  }
  return std::nullopt;
}

std::optional<Defect> find_crossed(const Schedule& schedule) {
  if (!schedule.has_transfers) return std::nullopt;
  using Pair = std::pair<int, int>;  // from, to
  std::map<Pair, std::vector<const Action*>> sends;
  for (int rank = 0; rank < schedule.num_ranks(); ++rank) {
    for (const Action& action : schedule.ranks[rank]) {
      if (action.kind != Kind::kSendForward && action.kind != Kind::kSendBackward) continue;
      sends[{rank, schedule.rank_of_stage[partner_of(action).stage]}].push_back(&action);
    }
  }
  std::map<Pair, size_t> received;
  return first_defect(schedule, [&](int rank, int, const Action& part) -> std::string {
    if (part.kind != Kind::kRecvForward && part.kind != Kind::kRecvBackward) return "";
    const Action send = partner_of(part);
    const int from = schedule.rank_of_stage[send.stage];
    const Action& sent = *sends[{from, rank}][received[{from, rank}]++];
    return sent == send ? ""
                        : "takes " + to_string(send) + ", but rank " + std::to_string(from) + " sends " +
                              to_string(sent) + " first";
  });
}

}  // namespace titan::pipeline
