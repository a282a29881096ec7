#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titan::pipeline {

/// What a rank does in one step of a pipeline schedule.
enum class ActionKind : uint8_t {
  kForward,         // F
  kBackward,        // B: gradients of inputs and weights together
  kBackwardInput,   // I: gradients of inputs only, which the previous stage waits for
  kBackwardWeight,  // W: gradients of weights, for which nobody waits
  kOverlap,         // OVERLAP_F_B: a forward and a backward together
  kUnshard,         // gather the stage's parameters
  kReshard,         // free the gathered parameters
  kReduceGrad,      // reduce the stage's gradients over data-parallel ranks: after its last microbatch
  kSendForward,     // activations to the next stage
  kRecvForward,     // activations from the previous stage
  kSendBackward,    // gradients to the previous stage
  kRecvBackward,    // gradients from the next stage
};

/// One step: `kind` on `stage` for `microbatch`. Unshard, reshard and reduce have no microbatch (-1); an overlap has
/// neither stage nor microbatch but two `parts`, a forward and a backward.
struct Action {
  int stage = -1;
  ActionKind kind = ActionKind::kForward;
  int microbatch = -1;
  std::vector<Action> parts = {};

  bool operator==(const Action&) const = default;
};

/// The order of work of one rank.
using Actions = std::vector<Action>;

/// Whether a kind is F, B, I, W or an overlap.
bool is_computation(ActionKind kind);
/// Whether a kind moves data between stages: a send or a receive.
bool is_transfer(ActionKind kind);
/// Whether a kind is UNSHARD, RESHARD or REDUCE_GRAD, which concern a stage's parameters.
bool is_sharding(ActionKind kind);
/// Whether a kind is B or I, which give the gradient that the previous stage waits for.
bool gives_input_gradient(ActionKind kind);
/// Whether a kind is B or W: the end of a microbatch on its stage.
bool gives_weight_gradient(ActionKind kind);

/// Gives the parts of an overlap, or the action itself. Valid as long as `action`.
std::span<const Action> parts_of(const Action& action);

/// Writes an action as PyTorch does: "0F0", "3SEND_F1", "2UNSHARD", "(0F5;3B1)OVERLAP_F_B".
std::string to_string(const Action& action);

/// The largest stage or microbatch number that can be read.
inline constexpr int kLargestIndex = 999'999;

/// Reads what to_string writes; surrounding spaces are ignored. An overlap must be of a forward and a backward of
/// different stages. Absent: it is no action.
std::optional<Action> parse_action(std::string_view text);

}  // namespace titan::pipeline
