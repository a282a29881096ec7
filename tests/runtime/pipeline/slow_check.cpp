#include "tests/runtime/pipeline/slow_check.h"

#include <set>
#include <string>

namespace titan::pipeline {
namespace {

std::string text_of(int stage, const char* kind, int microbatch) {
  return std::to_string(stage) + kind + std::to_string(microbatch);
}

class SlowRun {
 public:
  explicit SlowRun(const Schedule& schedule) : schedule_(schedule), next_(schedule.ranks.size(), 0) {}

  bool finishes() {
    for (bool progress = true; progress;) {
      progress = false;
      for (int rank = 0; rank < schedule_.num_ranks(); ++rank) progress = step(rank) || progress;
    }
    for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
      if (current(rank)) return false;
    }
    return unsharded_.empty();
  }

 private:
  const Action* current(int rank) const {
    return next_[rank] < schedule_.ranks[rank].size() ? &schedule_.ranks[rank][next_[rank]] : nullptr;
  }
  bool done(const std::string& action) const { return done_.contains(action); }
  bool has_input_gradient(int stage, int microbatch) const {
    return done(text_of(stage, "B", microbatch)) || done(text_of(stage, "I", microbatch));
  }

  bool step(int rank) {
    const Action* action = current(rank);
    if (!action) return false;
    if (is_transfer(action->kind)) return transfer(rank, *action);
    for (const Action& part : parts_of(*action)) {
      if (!may_run(part)) return false;
    }
    for (const Action& part : parts_of(*action)) {
      if (part.kind == ActionKind::kUnshard) unsharded_.insert(part.stage);
      if (part.kind == ActionKind::kReshard) unsharded_.erase(part.stage);
      done_.insert(to_string(part));
    }
    ++next_[rank];
    return true;
  }

  // Both ends at once, or neither.
  bool transfer(int rank, const Action& action) {
    const Action partner = partner_of(action);
    const int other = schedule_.rank_of_stage[partner.stage];
    if (!current(other) || !(*current(other) == partner)) return false;
    const Action& send =
        action.kind == ActionKind::kSendForward || action.kind == ActionKind::kSendBackward ? action : partner;
    if (send.kind == ActionKind::kSendForward && !done(text_of(send.stage, "F", send.microbatch))) return false;
    if (send.kind == ActionKind::kSendBackward && !has_input_gradient(send.stage, send.microbatch)) return false;
    done_.insert({to_string(action), to_string(partner)});
    ++next_[rank];
    ++next_[other];
    return true;
  }

  bool has_activation(int stage, int microbatch) const {
    if (stage == 0) return true;
    const bool receives = schedule_.has_transfers && schedule_.sends_forward(stage - 1);
    return done(receives ? text_of(stage, "RECV_F", microbatch) : text_of(stage - 1, "F", microbatch));
  }

  bool has_gradient(int stage, int microbatch) const {
    if (stage + 1 == schedule_.num_stages()) return true;
    const bool receives = schedule_.has_transfers && schedule_.sends_backward(stage + 1);
    return receives ? done(text_of(stage, "RECV_B", microbatch)) : has_input_gradient(stage + 1, microbatch);
  }

  bool may_run(const Action& part) const {
    const bool unsharded = unsharded_.contains(part.stage);
    if (part.kind == ActionKind::kUnshard) return !unsharded;
    if (part.kind == ActionKind::kReshard) return unsharded;
    if (part.kind == ActionKind::kReduceGrad) return has_all_weight_gradients(part.stage);
    if (schedule_.has_sharding && !unsharded) return false;
    if (part.kind == ActionKind::kForward) return has_activation(part.stage, part.microbatch);
    if (part.kind == ActionKind::kBackwardWeight) return done(text_of(part.stage, "I", part.microbatch));
    return done(text_of(part.stage, "F", part.microbatch)) && has_gradient(part.stage, part.microbatch);
  }

  bool has_all_weight_gradients(int stage) const {
    for (int microbatch = 0; microbatch < schedule_.num_microbatches; ++microbatch) {
      if (!done(text_of(stage, "B", microbatch)) && !done(text_of(stage, "W", microbatch))) return false;
    }
    return true;
  }

  const Schedule& schedule_;
  std::vector<size_t> next_;
  std::set<std::string> done_;
  std::set<int> unsharded_;
};

std::multiset<std::string> texts(const Actions& actions) {
  std::multiset<std::string> all;
  for (const Action& action : actions) all.insert(to_string(action));
  return all;
}

}  // namespace

bool is_valid_slowly(const Schedule& schedule, const Schedule& original) {
  for (size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    if (texts(schedule.ranks[rank]) != texts(original.ranks[rank])) return false;
  }
  return SlowRun(schedule).finishes();
}

}  // namespace titan::pipeline
