#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan validate published`: predicts every published row that the runtime can express and compares. `arguments`: ids
/// of rows or tables, all if none. Returns the exit status.
int published_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
