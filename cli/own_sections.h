#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/config/schema.h"

namespace titan::cli {

/// [titan]: where the program runs, and what torchtitan has no key for.
struct TitanSection {
  std::string device = "auto";
  std::optional<std::string> dtype;
  int64_t fsdp_blocks_per_unit = 1;
};

/// [hardware]: what is predicted. Read by the fake world; training on real devices ignores it.
struct HardwareSection {
  std::string gpu = "h100_sxm_80gb";
  std::optional<std::string> cluster;
  std::string software = "titan";
  std::optional<int64_t> num_gpus;
};

/// [sim]: how the simulated device runs.
struct SimSection {
  int64_t steps = 2;
};

/// Declare our own sections beside torchtitan's, bound to live variables, with their short names on the command line.
void declare(config::Schema& schema, TitanSection& section);
void declare(config::Schema& schema, HardwareSection& section);
void declare(config::Schema& schema, SimSection& section);

}  // namespace titan::cli
