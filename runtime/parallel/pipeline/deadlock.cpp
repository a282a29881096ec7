#include <algorithm>

#include "runtime/parallel/pipeline/check_order.h"

namespace titan::pipeline {
namespace {

using Kind = ActionKind;

/// Executes all ranks without time. A rank at a transfer has posted it (and, batched, its neighbours); a transfer is
/// over once both ends have posted it.
class DryRun {
 public:
  DryRun(const Schedule& schedule, const ActionPlaces& places, Transfers transfers)
      : schedule_(schedule),
        places_(places),
        transfers_(transfers),
        next_(schedule.ranks.size(), 0),
        posted_(schedule.ranks.size(), 0) {}

  std::optional<Defect> run() {
    bool progress = true;
    while (progress) {
      progress = false;
      for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
        while (step(rank)) progress = true;
      }
    }
    for (int rank = 0; rank < schedule_.num_ranks(); ++rank) {
      if (next_[rank] < size(rank)) return defect(rank);
    }
    return std::nullopt;
  }

 private:
  struct Place {
    int rank;
    int position;
  };

  int size(int rank) const { return static_cast<int>(schedule_.ranks[rank].size()); }
  const Action& action(int rank, int position) const { return schedule_.ranks[rank][position]; }

  // Moves a rank on by one action or one batch of transfers, or posts what it waits for.
  bool step(int rank) {
    if (next_[rank] == size(rank)) return false;
    const int end = end_of_group(rank);
    const bool posts = posted_[rank] < end;
    posted_[rank] = end;
    for (int position = next_[rank]; position < end; ++position) {
      if (awaited(rank, position)) return posts;
    }
    next_[rank] = end;
    return true;
  }

  int end_of_group(int rank) const {
    int end = next_[rank] + 1;
    if (transfers_ == Transfers::kBlocking || !is_transfer(action(rank, next_[rank]).kind)) return end;
    while (end < size(rank) && is_transfer(action(rank, end).kind)) ++end;
    return end;
  }

  // Where the action is that this one waits for; absent: it can be executed.
  std::optional<Place> awaited(int rank, int position) const {
    const Action& one = action(rank, position);
    if (is_transfer(one.kind)) return awaited_by_transfer(one);
    if (schedule_.has_transfers) return std::nullopt;  // find_unordered saw to the rest
    for (const Action& part : parts_of(one)) {
      if (auto place = awaited_by_computation(part)) return place;
    }
    return std::nullopt;
  }

  std::optional<Place> awaited_by_transfer(const Action& transfer) const {
    const bool is_send = transfer.kind == Kind::kSendForward || transfer.kind == Kind::kSendBackward;
    if (is_send && transfers_ == Transfers::kBuffered) return std::nullopt;
    const Action partner = partner_of(transfer);
    const Place place{schedule_.rank_of_stage[partner.stage],
                      places_.position(partner.kind, partner.stage, partner.microbatch)};
    return place.position < posted_[place.rank] ? std::nullopt : std::optional(place);
  }

  std::optional<Place> awaited_by_computation(const Action& part) const {
    Place place{0, 0};
    if (part.kind == Kind::kForward && part.stage > 0) {
      place = {schedule_.rank_of_stage[part.stage - 1],
               places_.position(Kind::kForward, part.stage - 1, part.microbatch)};
    } else if (gives_input_gradient(part.kind) && part.stage + 1 < schedule_.num_stages()) {
      place = {schedule_.rank_of_stage[part.stage + 1], places_.input_gradient(part.stage + 1, part.microbatch)};
    } else {
      return std::nullopt;
    }
    return place.position < next_[place.rank] ? std::nullopt : std::optional(place);
  }

  Defect defect(int rank) const {
    const int end = end_of_group(rank);
    int position = next_[rank];
    while (position + 1 < end && !awaited(rank, position)) ++position;
    const Place place = *awaited(rank, position);
    const int held = next_[place.rank];
    std::string message = "waits for ever for " + to_string(action(place.rank, place.position)) + " at position " +
                          std::to_string(place.position) + " of rank " + std::to_string(place.rank);
    if (held != place.position) {
      message += ", which waits at position " + std::to_string(held) + ", " + to_string(action(place.rank, held));
    }
    return {rank, static_cast<size_t>(position), to_string(action(rank, position)), message};
  }

  const Schedule& schedule_;
  const ActionPlaces& places_;
  Transfers transfers_;
  std::vector<int> next_;    // by rank: the position that is executed next
  std::vector<int> posted_;  // by rank: transfers before this position are posted
};

}  // namespace

std::optional<Defect> find_deadlock(const Schedule& schedule, const ActionPlaces& places, Transfers transfers) {
  return DryRun(schedule, places, transfers).run();
}

}  // namespace titan::pipeline
