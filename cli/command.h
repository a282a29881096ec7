#pragma once

#include <string>
#include <vector>

namespace titan::cli {

/// One command of the program: `titan NAME arguments…`.
struct Command {
  const char* name;
  const char* summary;
  /// Gets the arguments after the command's name and returns the exit status. May throw: ConfigError ends with status
  /// 2, anything else with status 1.
  int (*run)(const std::vector<std::string>& arguments);
};

/// Lists all commands in the order of the help text.
const std::vector<Command>& commands();

/// Tells whether --help or -h is among the arguments.
bool asks_for_help(const std::vector<std::string>& arguments);

/// Exit statuses (docs/worlds.md, "How a run ends").
enum ExitStatus { kOk = 0, kFailed = 1, kUsage = 2, kDoesNotFit = 3 };

}  // namespace titan::cli
