#pragma once

#include <functional>

#include "runtime/platform/platform.h"

namespace titan::platform {

/// Runs `body` on one thread per rank, each with a CPU platform of its own; communicators carry real data between the
/// threads, and each platform's memory statistics count what its thread allocates. Threads, autograd and failures as in
/// comm::run_thread_ranks: the first rank to throw ends the others and is reported as comm::RankFailure.
void run_rank_threads(int num_ranks, const std::function<void(Platform&)>& body);

}  // namespace titan::platform
