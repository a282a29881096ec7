#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <ostream>
#include <string_view>

namespace titan::metrics {

/// Writes one rank's messages as `[titan] 2026-02-23 10:11:12,123 - root - INFO - <message>` (local time), flushed line
/// by line. Ranks that should not speak have a quiet logger. May be shared by threads; loggers may share a stream such
/// as std::cout.
class Logger {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;
  struct Options {
    bool quiet = false;
    Clock clock = std::chrono::system_clock::now;
  };

  /// `out` must outlive the logger.
  explicit Logger(std::ostream& out) : Logger(out, Options{}) {}
  Logger(std::ostream& out, Options options);

  void info(std::string_view message);
  void warning(std::string_view message);
  void error(std::string_view message);

 private:
  void write(std::string_view level, std::string_view message);

  std::ostream& out_;
  Options options_;
  std::mutex mutex_;
};

}  // namespace titan::metrics
