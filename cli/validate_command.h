#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan validate KIND`: checks this program against something that is known to be right. Without a kind it lists
/// them. `divergence` ends with status 0 when a composition agrees with its one-rank reference, 1 when it does not.
int validate_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
