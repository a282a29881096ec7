#pragma once

#include <string>
#include <vector>

#include "runtime/parallel/pipeline/action.h"

namespace titan::pipeline {

/// The order of work of every rank of a pipeline for one batch. A value: generators make it, `lower` completes it, one
/// executor runs it. It has no idle steps: a rank waits where an action needs what is not there yet.
struct Schedule {
  int num_microbatches = 0;
  /// The rank of each stage.
  std::vector<int> rank_of_stage = {};
  /// The order of work of each rank.
  std::vector<Actions> ranks = {};
  /// Whether sends and receives are part of the order; a rank alone has none.
  bool has_transfers = false;
  /// Whether UNSHARD, RESHARD and REDUCE_GRAD are part of the order.
  bool has_sharding = false;

  int num_ranks() const { return static_cast<int>(ranks.size()); }
  int num_stages() const { return static_cast<int>(rank_of_stage.size()); }

  /// Whether a stage's output goes to another rank; the last stage's does not.
  bool sends_forward(int stage) const {
    return stage + 1 < num_stages() && rank_of_stage[stage] != rank_of_stage[stage + 1];
  }
  /// Whether the gradient of a stage's input goes to another rank; the first stage has none.
  bool sends_backward(int stage) const { return stage > 0 && sends_forward(stage - 1); }

  bool operator==(const Schedule&) const = default;
};

/// How stages are dealt to ranks.
enum class Placement {
  kLoop,  // rank r has stages r, r + pp, r + 2 pp, …
  kV,     // rank r has stages r and 2 pp - 1 - r: rank 0 has the first and the last
};

/// Gives each stage's rank. Throws ContractError unless `num_stages` is a multiple of `num_ranks`, and for kV twice it.
std::vector<int> place_stages(int num_ranks, int num_stages, Placement placement);

/// Lists the stages of one rank in ascending order.
std::vector<int> stages_of_rank(const std::vector<int>& rank_of_stage, int rank);

/// Gives the receive that takes what a send gives, or the send that a receive waits for.
Action partner_of(const Action& transfer);

}  // namespace titan::pipeline
