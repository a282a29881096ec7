#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan validate gpu`: predicts steps and runs them on a GPU at hand, each in a process of its own, and compares.
/// Returns the exit status: 1 if there is no GPU, or if a configuration could not be predicted or run.
int gpu_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
