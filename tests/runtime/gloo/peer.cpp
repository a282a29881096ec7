// One rank of a test job, as the launcher starts it: `gloo_peer SCENARIO`.
#include "cli/world.h"
#include "tests/runtime/gloo/scenarios.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto plan = titan::cli::decide_world(titan::cli::current_environment());
  return titan::comm::run_scenario(
      argv[1], {.world = {.world = plan.world, .store = plan.store, .rank_0_serves = plan.rank_0_serves}});
}
