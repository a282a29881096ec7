#include "runtime/comm/thread_ranks.h"

#include <ATen/Parallel.h>
#include <c10/core/AutogradState.h>
#include <c10/util/Exception.h>

#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace titan::comm {
namespace {

std::string message_of(const std::exception_ptr& cause) {
  try {
    std::rethrow_exception(cause);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

/// Keeps the failure that made the others fail.
class FirstFailure {
 public:
  /// Called on the failing rank's thread; ends the others.
  void add(ThreadWorld& world, int rank, const std::exception_ptr& cause) {
    const std::string message = message_of(cause);
    world.abort(rank, "rank " + std::to_string(rank) + " failed: " + message);
    const bool began_it = world.aborted_by() == rank;
    const std::lock_guard lock(mutex_);
    if (!failure_ || began_it) failure_.emplace(rank, message, cause);
  }
  void rethrow() const {
    if (failure_) throw *failure_;
  }

 private:
  std::mutex mutex_;
  std::optional<RankFailure> failure_;
};

/// One ATen thread per rank: the setting counts for threads started from now on.
class IntraOpThreads {
 public:
  explicit IntraOpThreads(int num_threads) : before_(at::get_num_threads()) { at::set_num_threads(num_threads); }
  IntraOpThreads(const IntraOpThreads&) = delete;
  IntraOpThreads& operator=(const IntraOpThreads&) = delete;
  ~IntraOpThreads() { at::set_num_threads(before_); }

 private:
  int before_;
};

void run_rank(ThreadWorld& world, int rank, const std::function<void(int)>& body, FirstFailure& failure) {
  c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  at::init_num_threads();
  world.start(rank);
  try {
    body(rank);
  } catch (...) {
    failure.add(world, rank, std::current_exception());
  }
  world.finish(rank);
}

}  // namespace

void run_thread_ranks(ThreadWorld& world, const std::function<void(int rank)>& body) {
  std::optional<IntraOpThreads> one_each;
  if (world.size() > 1) one_each.emplace(1);
  FirstFailure failure;
  {
    std::vector<std::jthread> threads;
    threads.reserve(world.size());
    for (int rank = 0; rank < world.size(); ++rank) {
      threads.emplace_back([&, rank] { run_rank(world, rank, body, failure); });
    }
  }
  failure.rethrow();
}

}  // namespace titan::comm
