#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay/cost_model.h"
#include "sim/trace/node_time.h"
#include "sim/trace/trace.h"

namespace titan::replay {

/// The ranks of a run. Ranks of one role behave alike: the recorded trace of one of them stands for all.
struct World {
  std::vector<const trace::Trace*> roles;  // well formed, each of a rank of its role
  std::vector<uint32_t> role_of_rank;      // for every rank its place in `roles`
};

struct ReplayOptions {
  bool interference = true;    // computation slows down while communication holds part of the device
  bool contention = true;      // communications of a rank that want more than a port of it has slow down
  bool keep_timeline = false;  // start and end of every node
};

/// What a stretch of a role's time is spent on: by_class, exposed_communication_s and idle_s sum to it; host_bound_s,
/// waiting_s and host_work_s sum to idle_s. Of several operations at once that on the first stream counts. Copies
/// between device and host are communication of the group kHostLink, which counts where no other is under way.
struct Breakdown {
  std::array<double, trace::kNumComputeClasses> by_class_s = {};  // device busy with computation, by trace::OpClass
  double communication_s = 0.0;                                   // device busy with communication, hidden or not
  double exposed_communication_s = 0.0;                           // of it: while no computation runs
  double idle_s = 0.0;                                            // neither
  double host_bound_s = 0.0;                                      // idle because the next work was not issued yet
  double waiting_s = 0.0;    // idle because peers had not come to the next communication: bubble, imbalance
  double host_work_s = 0.0;  // idle while the host works on its own memory
  std::vector<std::pair<std::string, double>> exposed_by_group;  // by the groups' names; sums to the exposed
  double host_s = 0.0;  // host busy issuing what the scope holds and with its own work; not a part of the sum
};

/// The name under which a Breakdown counts copies between device and host.
inline constexpr const char* kHostLink = "host";

/// One top-level scope of the trace ("step") as one role saw it. It ends when the last of its device work does and
/// begins where the one before ends, the first where the host opens it: in steady state its length is the step time.
/// A scope without work has no length. The host's work on its own memory counts as work.
struct StepTime {
  std::string name;
  double begin_s = 0.0, end_s = 0.0;
  Breakdown breakdown;
};

/// What replay found for one role.
struct RoleTimes {
  std::vector<StepTime> steps;
  double end_s = 0.0;                                    // of the last work, on the host or on the device
  std::array<double, kNumEvidences> by_evidence_s = {};  // time of all device work, by where its cost comes from
  std::vector<trace::NodeTime> timeline;                 // of every node; empty unless asked for
};

/// Gives every node a time, per role. The host issues nodes in order, each at its cost; an operation on kHostStream
/// keeps it until it ends. A device operation starts as
/// soon as the host has issued it, its stream is done with what came before and the events that it waits for have
/// happened. A role comes to a collective under the same conditions and when its communicator is done with what was
/// issued to it before; the collective starts when all roles of its group have come. Groups are the same communicator
/// for two roles if name and the roles of the members agree, and their collectives match in order of issue. Transfers
/// match in order per group name, sending and receiving role, and start when both sides have come; those of a batch
/// come together and run beside each other, and the stream goes on when all are done. What members ask of one
/// communication may differ in size: it takes the longest of their times.
/// With interference, an operation makes progress at 1 / CostModel::interference(op, n) of its speed while n streams of
/// its rank communicate. With contention, communications under way divide each port of their rank fairly
/// (fair_share.h), and one that gets less than it wants slows down by as much, in each of its roles by itself.
/// Deterministic.
/// Throws DeadlockError (deadlock.h) if the traces cannot finish, config::ContractError if roles and ranks do not
/// agree, if a price is negative, not finite or above 10^6 s, or if members come to one communication with different
/// kinds of collectives.
std::vector<RoleTimes> replay(const World& world, const CostModel& cost, const NetworkModel& network,
                              const ReplayOptions& options = {});

}  // namespace titan::replay
