#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/world.h"

namespace titan::cli {

/// How a process ended.
struct ExitState {
  int signal = 0;  // 0: it ended by itself
  int status = 0;  // its exit status; after a signal 128 + signal, as shells have it

  bool failed() const { return status != 0; }
  /// Says it in words: "ended with status 3", "was ended by signal 9 (Killed)".
  std::string text() const;
};

/// A process that this one started. It leads a process group of its own and is killed when the thread that started it
/// ends.
class ChildProcess {
 public:
  struct Options {
    std::string program;                 // path
    std::vector<std::string> arguments;  // the first is the program's name
    Environment environment;
    int standard_output = 1;
    int standard_error = 2;
    sigset_t signal_mask{};
  };

  /// Starts it, with nothing on standard input. Throws std::runtime_error naming the program.
  static ChildProcess start(const Options& options);

  bool running() const { return !exit_.has_value(); }
  /// Set once the process has ended and poll() has seen it.
  const std::optional<ExitState>& exit() const { return exit_; }
  /// Looks, without blocking, whether it has ended; true the one time that it turns out to have.
  bool poll();
  /// Sends a signal to the process and its children. A stopped process gets to see it.
  void send(int signal) const;

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;
  std::optional<ExitState> exit_;
};

}  // namespace titan::cli
