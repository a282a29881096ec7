#include "runtime/parallel/pipeline/schedule.h"

#include "runtime/config/check.h"

namespace titan::pipeline {

std::vector<int> place_stages(int num_ranks, int num_stages, Placement placement) {
  config::check(num_ranks >= 1 && num_stages >= num_ranks && num_stages % num_ranks == 0,
                "place_stages: num_stages must be evenly divisible by num_ranks: num_stages=", num_stages,
                " num_ranks=", num_ranks);
  config::check(placement == Placement::kLoop || num_stages == 2 * num_ranks,
                "place_stages: a V needs exactly 2 stages per rank: num_stages=", num_stages, " num_ranks=", num_ranks);
  std::vector<int> rank_of_stage(num_stages);
  for (int stage = 0; stage < num_stages; ++stage) {
    const bool upward = placement == Placement::kV && stage >= num_ranks;
    rank_of_stage[stage] = upward ? num_stages - 1 - stage : stage % num_ranks;
  }
  return rank_of_stage;
}

std::vector<int> stages_of_rank(const std::vector<int>& rank_of_stage, int rank) {
  std::vector<int> stages;
  for (size_t stage = 0; stage < rank_of_stage.size(); ++stage) {
    if (rank_of_stage[stage] == rank) stages.push_back(static_cast<int>(stage));
  }
  return stages;
}

Action partner_of(const Action& transfer) {
  switch (transfer.kind) {
    case ActionKind::kSendForward:
      return {transfer.stage + 1, ActionKind::kRecvForward, transfer.microbatch};
    case ActionKind::kRecvForward:
      return {transfer.stage - 1, ActionKind::kSendForward, transfer.microbatch};
    case ActionKind::kSendBackward:
      return {transfer.stage - 1, ActionKind::kRecvBackward, transfer.microbatch};
    case ActionKind::kRecvBackward:
      return {transfer.stage + 1, ActionKind::kSendBackward, transfer.microbatch};
    default:
      config::check(false, "partner_of: needs a send or a receive: action=", to_string(transfer));
      return {};
  }
}

}  // namespace titan::pipeline
