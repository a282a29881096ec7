#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/comm/failure_monitor.h"
#include "runtime/comm/gloo_channel.h"
#include "runtime/comm/rendezvous.h"
#include "runtime/platform/platform.h"

namespace titan::comm {

class GlooCommunicator;

struct GlooWorldOptions {
  platform::World world;
  RendezvousPoint store;
  bool rank_0_serves = true;  // false: a supervisor serves the store
  Milliseconds timeout{300'000};
};

/// The processes of one job, of which this is one: finds the others and connects groups of them. If any rank fails, is
/// killed or stops, the operations of all ranks end with the same cause.
class GlooWorld {
 public:
  /// Waits for all ranks. Throws CommError naming those that did not come within the timeout.
  explicit GlooWorld(GlooWorldOptions options);
  /// Communicators must be gone before. The rank that serves the store waits (up to the timeout) until the others are
  /// done.
  ~GlooWorld();
  GlooWorld(const GlooWorld&) = delete;
  GlooWorld& operator=(const GlooWorld&) = delete;

  const platform::World& world() const { return options_.world; }

  /// Connects `ranks` (global, ascending, this rank among them): every one of them must make the same calls in the same
  /// order. Throws CommError naming the ranks that did not come within the timeout.
  std::unique_ptr<Communicator> make_communicator(const std::vector<int>& ranks, std::string_view name);

  /// Sets how long one operation may take from now on, also of communicators that exist; at least 1 s.
  void set_timeout(Milliseconds timeout);

  /// Ends the operations of all ranks with "rank R failed: reason".
  void abort(const std::string& reason);

 private:
  void wait_for_ranks(const std::string& what, const std::vector<int>& ranks);
  RankStatus status();
  void fail(const std::string& cause);

  const GlooWorldOptions options_;
  std::atomic<int64_t> timeout_ms_;
  std::unique_ptr<RendezvousStore> store_;
  std::unique_ptr<GlooDevice> device_;
  std::mutex mutex_;  // of communicators_
  std::vector<GlooCommunicator*> communicators_;
  std::map<std::string, int> num_made_;
  std::unique_ptr<FailureMonitor> monitor_;
};

}  // namespace titan::comm
