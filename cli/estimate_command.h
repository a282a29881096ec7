#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan estimate`: predicts memory and speed of a configuration. Returns the exit status: 3 if it does not fit or an
/// assertion fails.
int estimate_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
