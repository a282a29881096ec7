#pragma once

#include <random>
#include <vector>

#include "tests/sim/replay/table_costs.h"

namespace titan::replay {

/// Traces of several roles of two ranks each, and whole-second prices.
struct RandomWorld {
  std::vector<Trace> traces;
  TableCosts costs;
  TableNetwork network;

  World world() const;
};

struct RandomOptions {
  int num_roles = 3;
  int num_rounds = 20;       // in each, some roles do something
  bool may_deadlock = true;  // roles may meet in different orders
};

/// Well-formed traces: work, collectives within roles and among them, transfers alone and in batches, events, waits of
/// the host, steps.
RandomWorld random_world(std::mt19937& random, const RandomOptions& options);

}  // namespace titan::replay
