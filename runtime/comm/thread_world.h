#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/comm/scratch_pool.h"
#include "runtime/comm/thread_operation.h"

namespace titan::comm {

/// The members of one thread communicator and the operations that not all of them have issued yet.
struct ThreadGroup {
  std::string name;
  std::vector<int> ranks;  // global, ascending
  std::vector<int64_t> num_issued;
  std::deque<std::shared_ptr<ThreadOperation>> open;
  int64_t first_open = 0;  // sequence number of open.front()
  std::vector<bool> joined;
};

/// What the ranks of one process share: groups, operations under way, and the first failure, which ends everything.
/// Ranks are threads; a rank that ends while another waits for it, and ranks that all wait for each other, are failures
/// too. Thread-safe.
class ThreadWorld : public std::enable_shared_from_this<ThreadWorld> {
 public:
  static std::shared_ptr<ThreadWorld> create(int size);
  ~ThreadWorld();

  int size() const { return static_cast<int>(ranks_.size()); }

  /// Connects `ranks` (global, ascending, `rank` among them) with real data on the CPU. The n-th call of each member
  /// with the same ranks makes one communicator; throws CommError, ending all ranks, if they name it differently. Never
  /// blocks.
  std::unique_ptr<Communicator> make_communicator(int rank, const std::vector<int>& ranks, std::string_view name);

  /// Says that the calling thread is `rank`'s main thread (without it, ranks that wait for each other are not noticed).
  void start(int rank);
  /// Says that `rank` will issue nothing more.
  void finish(int rank);
  /// Ends every operation under way and to come with CommError(reason). Only the first call counts.
  void abort(int rank, const std::string& reason);
  /// The rank that ended the world, if it has ended.
  std::optional<int> aborted_by() const;

 private:
  friend class ThreadCommunicator;
  friend class ThreadWork;

  struct RankState {
    std::optional<std::thread::id> main_thread;
    bool finished = false;
  };
  struct Wait {
    const ThreadGroup* group;
    ThreadOperation* operation;
    int member;
    int64_t sequence;
    bool on_main_thread;
  };

  explicit ThreadWorld(int size);

  struct Issued {
    std::shared_ptr<ThreadOperation> operation;
    int64_t sequence;
  };
  Issued issue(ThreadGroup& group, int member, Part&& part);
  void wait_for_parts(const ThreadGroup& group, ThreadOperation& operation, int member, int64_t sequence);

  // With mutex_ held.
  void throw_if_aborted() const;
  void abort_locked(int rank, const std::string& reason);
  void check_agreement(const ThreadGroup& group, const ThreadOperation& operation, int member, int64_t sequence,
                       const Call& call);
  void check_not_finished(const Wait& wait);
  void check_progress();

  mutable std::mutex mutex_;
  ScratchPool pool_;
  std::vector<RankState> ranks_;
  std::map<std::vector<int>, std::vector<std::shared_ptr<ThreadGroup>>> groups_;
  std::vector<const Wait*> waits_;
  std::optional<int> aborted_by_;
  std::string reason_;
};

}  // namespace titan::comm
