#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan train`: trains in the world that environment and configuration name.
int train_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
