#pragma once

#include <functional>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/comm/thread_ranks.h"

namespace titan::test {

/// Runs `body` on `num_ranks` threads, each with a communicator among all of them. Throws comm::RankFailure ("rank R:
/// ...") with the first failure; a rank that leaves early (a failed ASSERT) fails the others instead of hanging them.
inline void run_ranks(int num_ranks, const std::function<void(comm::Communicator&)>& body) {
  const auto world = comm::ThreadWorld::create(num_ranks);
  std::vector<int> ranks;
  for (int rank = 0; rank < num_ranks; ++rank) ranks.push_back(rank);
  comm::run_thread_ranks(*world, [&](int rank) { body(*world->make_communicator(rank, ranks, "world")); });
}

/// The same for tests that make their own communicators.
inline void run_ranks_in_world(int num_ranks, const std::function<void(int rank, comm::ThreadWorld&)>& body) {
  const auto world = comm::ThreadWorld::create(num_ranks);
  comm::run_thread_ranks(*world, [&](int rank) { body(rank, *world); });
}

}  // namespace titan::test
