#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "runtime/comm/thread_ranks.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"

namespace {

using titan::cli::Command;
using titan::config::ConfigError;

void print_help() {
  std::puts("titan trains large language models and predicts their memory and speed before a GPU is rented.\n");
  std::puts("usage: titan COMMAND [arguments]\n\ncommands:");
  for (const Command& command : titan::cli::commands()) std::printf("  %-11s%s\n", command.name, command.summary);
  std::puts("  build      compiles (--preset dev|asan|tsan|fuzz)\n  test       builds and runs the tests");
  std::puts("  bench      builds and runs the benchmarks\n\n`titan COMMAND --help` explains a command.");
}

const Command* find(const std::string& name) {
  for (const Command& command : titan::cli::commands()) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

int unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : titan::cli::commands()) names.emplace_back(command.name);
  const std::string hint = titan::config::did_you_mean(name, names);
  std::fprintf(stderr, "titan: unknown command '%s'%s (titan --help lists all)\n", name.c_str(), hint.c_str());
  return titan::cli::kUsage;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_help();
    return arguments.empty() ? titan::cli::kUsage : titan::cli::kOk;
  }
  if (arguments[0] == "--version") {
    std::puts("titan " TITAN_VERSION);
    return titan::cli::kOk;
  }
  const Command* command = find(arguments[0]);
  if (!command) return unknown(arguments[0]);
  return command->run({arguments.begin() + 1, arguments.end()});
}

// Finds the user's mistake behind what ended the program; a rank thread's failure counts as what the rank threw.
std::optional<ConfigError> users_mistake(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const ConfigError& mistake) {
    return mistake;
  } catch (const titan::comm::RankFailure& failure) {
    return failure.cause() ? users_mistake(failure.cause()) : std::nullopt;
  } catch (...) {
    return std::nullopt;
  }
}

// LibTorch appends where it threw.
std::string without_backtrace(const std::string& message) {
  return message.substr(0, std::min(message.find("\nException raised from"), message.find("\nframe #")));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run({argv + 1, argv + argc});
    if (std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout.flush()) return status;
    std::fprintf(stderr, "titan: cannot write standard output: %s\n", std::strerror(errno));
    return titan::cli::kFailed;
  } catch (const std::exception& error) {
    if (const auto mistake = users_mistake(std::current_exception())) {
      std::fprintf(stderr, "%s\n", mistake->what());
      return titan::cli::kUsage;
    }
    std::fprintf(stderr, "titan: %s\n", without_backtrace(error.what()).c_str());
    return titan::cli::kFailed;
  }
}
