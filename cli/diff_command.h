#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan diff A B`: two estimates side by side. Returns the exit status: 1 if they differ by more than the tolerance.
int diff_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
