#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "estimator/simulate/request.h"
#include "sim/replay/replay.h"
#include "sim/trace/trace.h"

namespace titan::estimator {

/// Ranks that do the same, and what the one of them with the largest shards (coordinate 0 on the other axes) did.
struct RecordedRole {
  int pp_rank = 0, cp_rank = 0, ep_rank = 0;
  int64_t multiplicity = 1;
  trace::Trace trace;
};

struct Recording {
  std::vector<RecordedRole> roles;
  std::vector<uint32_t> role_of_rank;  // for every rank its place in `roles`
  int64_t tokens_per_step = 0;         // of all ranks

  replay::World world() const;
};

/// Runs the steps of every role on the simulated device, with the machine's kernels and memory without end: whether
/// they fit is another question. Throws ConfigError beyond 64 TiB. Sets up the simulated device in this process for
/// good. Throws what building a Session and training a step throw for a configuration that does not work.
Recording record(const Request& request);

}  // namespace titan::estimator
