#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace titan::cli {

/// `titan schedule`: draws a pipeline schedule and prints its bubble and the microbatches in flight; see --help. Throws
/// ConfigError for wrong options, sizes that the schedule refuses, and CSV files that hold no valid schedule.
void print_schedule(const std::vector<std::string>& arguments, std::ostream& out);

/// The same on standard output. Returns the exit status.
int schedule_command(const std::vector<std::string>& arguments);

}  // namespace titan::cli
