#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

namespace titan::cli {

/// Tells someone who waits what a command is doing: nothing for two seconds, then a line every two seconds at most.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Progress(std::string command, std::FILE* out = stderr, std::function<Clock::time_point()> now = Clock::now);

  /// Is to be called before each piece of work with what it is: "recording row 3 of 10". Prints it if it is time.
  void say(const std::string& what);

 private:
  std::string command_;
  std::FILE* out_;
  std::function<Clock::time_point()> now_;
  Clock::time_point last_;
};

}  // namespace titan::cli
