#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/comm/rendezvous.h"
#include "runtime/platform/platform.h"

namespace titan::comm {

/// What a rank is doing, in its own words, for the error messages of its peers.
struct RankStatus {
  bool in_operation = false;
  std::string text;
  std::chrono::steady_clock::time_point since;  // start of the operation, or end of the last; this rank's clock
};

/// Makes the ranks of a job agree on why it fails. One thread per process looks into the store a few times a second. A
/// rank that suspects a failure raises an alarm there; every rank that lives answers it with its status, whoever does
/// not answer is missing, and the first explanation that is written is the one that all ranks adopt. In a healthy job
/// operations do not touch the store. Callbacks come from any thread, the last before leave() returns.
class FailureMonitor {
 public:
  struct Callbacks {
    std::function<RankStatus()> status;                        // of this rank
    std::function<void(const std::string& cause)> on_failure;  // once
  };

  /// `rank_0_serves`: the store lives in rank 0, not in a supervisor.
  FailureMonitor(std::unique_ptr<RendezvousStore> store, const platform::World& world, bool rank_0_serves,
                 Callbacks callbacks);
  ~FailureMonitor();

  /// Why the job failed, once it has.
  std::optional<std::string> cause() const;

  /// Tells all ranks that the job fails because of `cause` and returns the cause agreed on. Blocks for at most `limit`.
  std::string report(const std::string& cause, Milliseconds limit);

  /// An operation among the global ranks `members` that is not complete: the message to or from `suspect` did not get
  /// through.
  struct Incident {
    std::vector<int> members;
    int suspect = 0;
    bool timed_out = false;  // else the connection is closed
  };
  /// Finds out why, tells all ranks, and returns the cause agreed on. Blocks for at most `limit`.
  std::string diagnose(const Incident& incident, Milliseconds limit);

  /// Ends the watch. A rank that serves the store stays up to `limit` until no other rank needs it. Called once.
  void leave(Milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which a dead store can block for ever
};

/// How long a rank that gives up waits until its peers can read why.
inline constexpr Milliseconds kReportTime{1000};

/// The cause of a job that `rank` gave up.
std::string abort_cause(int rank, const std::string& reason);

/// Lets a supervisor tell the ranks that are connected to its store why the job fails.
void publish_failure(RendezvousStore& store, const std::string& cause);

}  // namespace titan::comm
