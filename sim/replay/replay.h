#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/replay/cost_model.h"
#include "sim/trace/trace.h"

namespace titan::replay {

/// The trace of one role and the ranks that behave alike: it stands for all of them.
struct RoleTrace {
  const trace::Trace* trace = nullptr;
  int64_t multiplicity = 1;
};

struct ReplayOptions {
  bool interference = true;    // computation slows down while communication holds part of the device
  bool keep_timeline = false;  // start and end of every node
};

/// When one node ran: on its stream, or on the host where it has none.
struct NodeTime {
  double issue_s = 0.0;  // the host is done with it
  double start_s = 0.0;
  double end_s = 0.0;
};

/// What a stretch of a rank's time is spent on.
struct Breakdown {
  double matmul_s = 0.0, attention_s = 0.0, memory_s = 0.0, tiny_s = 0.0;  // device busy with computation
  double communication_s = 0.0;          // device busy with communication, hidden or not
  double exposed_communication_s = 0.0;  // of it: while no computation runs
  double idle_s = 0.0;                   // neither
  double host_s = 0.0;                   // host busy issuing
  double host_bound_s = 0.0;             // device idle because the next operation was not issued yet
};

/// One top-level scope of the trace ("step"), as one role saw it.
struct StepTime {
  double begin_s = 0.0, end_s = 0.0;
  Breakdown breakdown;
  std::vector<std::pair<std::string, double>> exposed_by_group;  // exposed communication per group name
};

/// What replay found for one role.
struct RoleTimes {
  std::vector<StepTime> steps;
  std::vector<NodeTime> timeline;      // empty unless asked for
  double seconds_by_evidence[4] = {};  // device time per Evidence
};

/// Ranks wait for each other in a circle, or for a rank that never comes.
struct Deadlock {
  struct Waiting {
    int32_t rank = 0;
    size_t node = 0;
    std::string what;  // the node in words
  };
  std::vector<Waiting> cycle;
};

/// Raised when the traces cannot finish. what() lists the cycle with ranks and nodes.
class DeadlockError : public std::runtime_error {
 public:
  explicit DeadlockError(Deadlock deadlock);
  const Deadlock& deadlock() const { return deadlock_; }

 private:
  Deadlock deadlock_;
};

/// Gives every node a time. The host issues nodes in order, each at its cost; device work starts at the latest of: the
/// host issued it, its stream finished what came before, the events waited for have happened; a collective when every
/// member has come to it. A role's representative stands for its peers: a member of a group whose trace is not among
/// the roles arrives when its role does. Deterministic.
std::vector<RoleTimes> replay(const std::vector<RoleTrace>& roles, const CostModel& cost, const NetworkModel& network,
                              const ReplayOptions& options = {});

}  // namespace titan::replay
