#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// `titan calibrate --fit ROWS.csv`: fits the free factors of hardware files to measured training runs. Returns the
/// exit status.
int calibrate_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
