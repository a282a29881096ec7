#include "cli/launch_command.h"

#include <charconv>
#include <cstdio>

#include "cli/command.h"
#include "cli/launch.h"
#include "runtime/config/config_error.h"

namespace titan::cli {
namespace {

constexpr const char* kLaunchHelp =
    "usage: titan launch --nproc N -- COMMAND [arguments]\n\n"
    "Starts N local processes of titan with the variables that torchrun sets (RANK, WORLD_SIZE, LOCAL_RANK, "
    "MASTER_ADDR,\n"
    "MASTER_PORT). The first that fails ends the others and gives the exit status.\n\n"
    "  --nproc N   number of processes, at least 1\n\n"
    "LOG_RANK (default 0) lists the ranks whose standard output is shown; standard error is always shown.\n\n"
    "example: titan launch --nproc 4 -- train --training.steps 20\n";

int parse_count(const std::string& text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1) {
    throw config::ConfigError("--nproc", "\"" + text + "\" is not a number of processes; at least 1 is needed");
  }
  return count;
}

}  // namespace

int launch_command(const std::vector<std::string>& arguments) {
  LaunchOptions options{.num_procs = 0, .environment = current_environment()};
  size_t i = 0;
  for (; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    if (word == "--help" || word == "-h") {
      std::fputs(kLaunchHelp, stdout);
      return kOk;
    }
    if (word == "--nproc" && i + 1 < arguments.size()) {
      options.num_procs = parse_count(arguments[++i]);
    } else if (word.rfind("--nproc=", 0) == 0) {
      options.num_procs = parse_count(word.substr(8));
    } else {
      throw config::ConfigError("titan launch",
                                "\"" + word + "\" is not an option; it takes --nproc N, then -- and a command");
    }
  }
  if (options.num_procs == 0) throw config::ConfigError("--nproc", "missing; titan launch --nproc N -- COMMAND");
  if (i + 1 >= arguments.size()) throw config::ConfigError("titan launch", "no command after --; e.g. -- train");
  options.arguments.assign(arguments.begin() + static_cast<int64_t>(i) + 1, arguments.end());
  options.log_ranks = log_ranks(options.environment, options.num_procs);
  return launch(options);
}

}  // namespace titan::cli
