#include "runtime/parallel/pipeline/lower.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/config/check.h"
#include "runtime/parallel/pipeline/validate.h"

namespace titan::pipeline {
namespace {

/// Lists, for each position, the first `count` different stages that compute from there on.
std::vector<std::vector<int>> upcoming_stages(const Actions& computations, size_t count) {
  std::vector<std::vector<int>> upcoming(computations.size());
  std::vector<int> order;  // all stages that are still to come, the next first
  for (size_t i = computations.size(); i-- > 0;) {
    const auto parts = parts_of(computations[i]);
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      std::erase(order, part->stage);
      order.insert(order.begin(), part->stage);
    }
    upcoming[i].assign(order.begin(), order.begin() + static_cast<int64_t>(std::min(count, order.size())));
  }
  return upcoming;
}

Actions with_unshard(const Actions& computations, int max_active_stages) {
  const auto upcoming = upcoming_stages(computations, static_cast<size_t>(max_active_stages));
  std::set<int> active;
  Actions result;
  for (size_t i = 0; i < computations.size(); ++i) {
    const std::set<int> wanted(upcoming[i].begin(), upcoming[i].end());
    for (const int stage : std::set<int>(active)) {
      if (wanted.contains(stage)) continue;
      active.erase(stage);
      result.push_back({stage, ActionKind::kReshard});
    }
    for (const int stage : upcoming[i]) {
      if (active.insert(stage).second) result.push_back({stage, ActionKind::kUnshard});
    }
    result.push_back(computations[i]);
  }
  for (const int stage : active) result.push_back({stage, ActionKind::kReshard});
  return result;
}

Actions with_reduce_grad(const Actions& actions, int num_stages, int num_microbatches) {
  std::vector<int> finished(num_stages, 0);
  Actions result;
  for (const Action& action : actions) {
    result.push_back(action);
    for (const Action& part : parts_of(action)) {
      if (!gives_weight_gradient(part.kind) || ++finished[part.stage] < num_microbatches) continue;
      result.push_back({part.stage, ActionKind::kReduceGrad});
    }
  }
  return result;
}

/// Executes all ranks in lockstep, an action each a round, and writes both ends of a transfer when its data is made.
class TransferPass {
 public:
  explicit TransferPass(const Schedule& schedule)
      : schedule_(schedule),
        activation_there_(entries(schedule), false),
        gradient_there_(entries(schedule), false),
        next_(schedule.ranks.size(), 0) {
    result_ = schedule;
    result_.has_transfers = schedule.num_ranks() > 1;
    for (Actions& actions : result_.ranks) actions.clear();
  }

  Schedule run() {
    bool progress = true;
    while (progress) {
      progress = false;
      for (int rank = 0; rank < schedule_.num_ranks(); ++rank) progress = step(rank) || progress;
    }
    for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
      config::check(next_[rank] == schedule_.ranks[rank].size(), "add_transfers: a rank waits for ever: rank=", rank,
                    " position=", next_[rank]);
    }
    return std::move(result_);
  }

 private:
  static size_t entries(const Schedule& schedule) {
    return static_cast<size_t>(schedule.num_stages()) * schedule.num_microbatches;
  }
  size_t entry(int stage, int microbatch) const {
    return static_cast<size_t>(stage) * schedule_.num_microbatches + microbatch;
  }

  bool step(int rank) {
    if (next_[rank] == schedule_.ranks[rank].size()) return false;
    const Action& action = schedule_.ranks[rank][next_[rank]];
    const auto parts = parts_of(action);
    if (!std::all_of(parts.begin(), parts.end(), [this](const Action& part) { return is_ready(part); })) return false;
    result_.ranks[rank].push_back(action);
    for (const Action& part : parts) hand_on(part);
    ++next_[rank];
    return true;
  }

  bool is_ready(const Action& part) const {
    if (part.kind == ActionKind::kForward && part.stage > 0)
      return activation_there_[entry(part.stage, part.microbatch)];
    if (gives_input_gradient(part.kind) && part.stage + 1 < schedule_.num_stages())
      return gradient_there_[entry(part.stage, part.microbatch)];
    return true;
  }

  void hand_on(const Action& part) {
    if (part.kind == ActionKind::kForward && part.stage + 1 < schedule_.num_stages()) {
      if (schedule_.sends_forward(part.stage)) transfer({part.stage, ActionKind::kSendForward, part.microbatch});
      activation_there_[entry(part.stage + 1, part.microbatch)] = true;
    } else if (gives_input_gradient(part.kind) && part.stage > 0) {
      if (schedule_.sends_backward(part.stage)) transfer({part.stage, ActionKind::kSendBackward, part.microbatch});
      gradient_there_[entry(part.stage - 1, part.microbatch)] = true;
    }
  }

  void transfer(const Action& send) {
    const Action receive = partner_of(send);
    result_.ranks[schedule_.rank_of_stage[send.stage]].push_back(send);
    result_.ranks[schedule_.rank_of_stage[receive.stage]].push_back(receive);
  }

  const Schedule& schedule_;
  std::vector<bool> activation_there_;
  std::vector<bool> gradient_there_;
  std::vector<size_t> next_;
  Schedule result_;
};

}  // namespace

Schedule add_sharding(const Schedule& computations, int max_active_stages) {
  config::check(
      !computations.has_sharding && !computations.has_transfers && max_active_stages >= 1,
      "add_sharding: needs an order of computations and a stage to be active: has_sharding=", computations.has_sharding,
      " has_transfers=", computations.has_transfers, " max_active_stages=", max_active_stages);
  Schedule result = computations;
  result.has_sharding = true;
  for (int rank = 0; rank < result.num_ranks(); ++rank) {
    result.ranks[rank] = with_reduce_grad(with_unshard(computations.ranks[rank], max_active_stages),
                                          result.num_stages(), result.num_microbatches);
  }
  return result;
}

Schedule add_transfers(const Schedule& schedule) {
  config::check(!schedule.has_transfers, "add_transfers: the schedule has transfers already");
  return TransferPass(schedule).run();
}

Schedule lower(const Schedule& schedule, const LowerOptions& options) {
  const auto defect = find_defect(schedule, Transfers::kBatched);
  config::check(!defect, "lower: the schedule must be valid: ", defect ? to_string(*defect) : "");
  const bool shard = options.sharding && !schedule.has_sharding && !schedule.has_transfers;
  Schedule result = shard ? add_sharding(schedule, options.max_active_stages) : schedule;
  return result.has_transfers ? result : add_transfers(result);
}

}  // namespace titan::pipeline
