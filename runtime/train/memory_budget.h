#pragma once

#include <string>
#include <vector>

#include "runtime/comm/communicator.h"
#include "runtime/metrics/logger.h"
#include "runtime/platform/platform.h"
#include "runtime/unit/unit_runner.h"

namespace titan::train {

/// What mode memory_budget needs to know of the run. References must outlive the call.
struct BudgetInputs {
  double budget = 0.5;  // share of a block's activation memory, 0 to 1
  platform::Platform& platform;
  comm::Communicator& world;
  metrics::Logger& log;
  at::Tensor block_input;  // like what enters a block: contents do not matter
  std::string svg_folder;  // empty: no plots
};

/// Lets each transformer block keep those operator outputs that save the most recomputation within `budget` of the
/// memory that a block's graph takes without checkpointing; 1 keeps all of it. One block of each kind runs forward once
/// to measure. Writes the trade-off as SVG where asked. Collective over the world; `units` are the model's: embedding,
/// blocks, head.
void apply_memory_budget(const BudgetInputs& inputs, std::vector<unit::RunnerUnit>& units);

}  // namespace titan::train
