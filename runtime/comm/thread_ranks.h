#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/comm/thread_world.h"

namespace titan::comm {

/// One rank of a world of threads failed: "rank 2: <what it threw>".
class RankFailure : public std::runtime_error {
 public:
  RankFailure(int rank, const std::string& message, std::exception_ptr cause)
      : std::runtime_error("rank " + std::to_string(rank) + ": " + message), rank_(rank), cause_(std::move(cause)) {}

  int rank() const { return rank_; }
  /// What the rank threw.
  const std::exception_ptr& cause() const { return cause_; }

 private:
  int rank_;
  std::exception_ptr cause_;
};

/// Runs `body(rank)` on one thread per rank of `world` and joins them. Autograd runs on the calling thread in each;
/// with more than one rank ATen uses one intra-op thread per rank meanwhile. The first rank to throw ends the others
/// (ThreadWorld::abort with its message) and is reported as RankFailure.
void run_thread_ranks(ThreadWorld& world, const std::function<void(int rank)>& body);

}  // namespace titan::comm
