#pragma once

#include <optional>
#include <string>

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// How sends and receives wait.
enum class Transfers {
  kBlocking,  // each waits for its partner before the next is posted: rendezvous. What holds here holds everywhere.
  kBatched,   // neighbouring sends and receives are posted together, then waited for together
  kBuffered,  // a send never waits
};

/// Where a schedule is broken and what is missing there.
struct Defect {
  int rank = 0;
  size_t position = 0;  // in the order of the rank; its size where something is missing at the end
  std::string action;   // as text; "end" behind the last
  std::string message;

  bool operator==(const Defect&) const = default;
};

/// One line: "rank 1, position 5, 2B3: needs 2F3 before it".
std::string to_string(const Defect& defect);

/// Finds what is wrong with a schedule. Absent: on every rank each stage runs each microbatch's forward once and then
/// its backward once, whole (B) or as I and then W; every action is on the rank of its stage; where the schedule has
/// transfers, what another rank made is received before it is used and sent after it was made, once, in the same order
/// at both ends; where it has sharding, stages compute while they are unsharded only, and reduce their gradients once,
/// behind the last; and no rank waits for ever.
std::optional<Defect> find_defect(const Schedule& schedule, Transfers transfers = Transfers::kBlocking);

}  // namespace titan::pipeline
