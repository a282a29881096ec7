#pragma once

#include <string>

#include "runtime/comm/gloo_world.h"

namespace titan::comm {

struct ScenarioOptions {
  GlooWorldOptions world;
  int victim = 2;  // the rank that something happens to
  Milliseconds timeout{20000};
};

/// Is one rank of a test job. Returns the exit status: 0 when every check held, 3 with the error on standard output
/// when an operation failed.
int run_scenario(const std::string& name, const ScenarioOptions& options);

}  // namespace titan::comm
