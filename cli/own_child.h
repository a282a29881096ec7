#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/child_process.h"

namespace titan::cli {

/// How a run of this program in a process of its own ended.
struct ChildOutcome {
  ExitState exit;
  std::string error;  // the first line that it wrote on standard error
};

/// Runs `titan <arguments>` to its end, without output, in an environment that says nothing of a world. Standard error
/// goes through a file in `folder`. Throws std::runtime_error if it cannot start.
ChildOutcome run_own_child(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

}  // namespace titan::cli
