#include "runtime/platform/rank_threads.h"

#include "runtime/comm/thread_ranks.h"
#include "runtime/platform/cpu_platform.h"

namespace titan::platform {

void run_rank_threads(int num_ranks, const std::function<void(Platform&)>& body) {
  install_counting_allocator();
  const auto world = comm::ThreadWorld::create(num_ranks);
  comm::run_thread_ranks(*world, [&](int rank) {
    const auto counter = make_memory_counter();
    const ChargeMemory charge(counter);
    CpuPlatform platform(
        {.rank = rank, .size = num_ranks, .local_rank = rank},
        [&](const std::vector<int>& ranks, std::string_view name) {
          return world->make_communicator(rank, ranks, name);
        },
        counter);
    body(platform);
  });
}

}  // namespace titan::platform
