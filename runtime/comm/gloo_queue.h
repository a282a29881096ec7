#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/comm/call.h"
#include "runtime/comm/failure_monitor.h"
#include "runtime/comm/gloo_collectives.h"
#include "runtime/comm/work.h"

namespace titan::comm {

/// The ranks of one communicator, for its operations and their error messages.
struct GlooGroup {
  std::string name;
  std::vector<int> global_ranks;
  int rank = 0;  // this process, in the group

  int size() const { return static_cast<int>(global_ranks.size()); }
  int global_rank() const { return global_ranks[static_cast<size_t>(rank)]; }
};

/// Carries out the operations of one communicator in the order issued: on a thread of its own, or on a thread that
/// waits for one before it has been started there, which saves two changes of threads.
class GlooQueue {
 public:
  using Algorithm = std::function<void(GlooExchange&)>;

  /// `channel` is null for a single rank. What the references name must outlive this object.
  GlooQueue(const GlooGroup& group, std::unique_ptr<GlooChannel> channel, FailureMonitor& monitor,
            const std::atomic<int64_t>& timeout_ms);
  /// Ends what is still under way.
  ~GlooQueue();

  /// Adds an operation; `algorithm`, which holds its tensors, does it. Throws CommError after fail().
  Work issue(Call call, Algorithm algorithm);
  /// Ends the operations under way and to come because of `cause`. From any thread.
  void fail(const std::string& cause);
  /// What this rank does here. From any thread.
  RankStatus status() const;

 private:
  struct Operation;

  void run();
  void run_first(std::unique_lock<std::mutex>& lock);
  void wait_for(const Operation& operation);
  void carry_out(Operation& operation);
  std::string cause_of(const PeerError& error, const GlooExchange& exchange, Milliseconds limit);
  std::optional<std::string> ended_by() const;
  std::string error_text(const Operation& operation, const std::string& cause) const;

  const GlooGroup& group_;
  const std::unique_ptr<GlooChannel> channel_;
  FailureMonitor& monitor_;
  const std::atomic<int64_t>& timeout_ms_;
  ScratchPool pool_;    // of the running operation
  uint16_t round_ = 0;  // of the running operation

  mutable std::mutex mutex_;
  std::condition_variable can_run_;      // for the thread
  std::condition_variable has_changed_;  // for those who wait
  std::deque<std::shared_ptr<Operation>> queue_;
  std::shared_ptr<Operation> running_;
  std::shared_ptr<Operation> last_;
  std::chrono::steady_clock::time_point since_;  // start of the running operation, or end of the last
  int64_t num_issued_ = 0;
  bool stopping_ = false;
  std::optional<std::string> cause_;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace titan::comm
