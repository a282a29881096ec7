#pragma once

#include <string>
#include <vector>

namespace titan::comm {

/// Writes ranks for an error message: "rank 2", "ranks 0, 1, 5".
std::string rank_list(const std::vector<int>& ranks);

}  // namespace titan::comm
