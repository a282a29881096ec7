#include "runtime/metrics/logger.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

namespace titan::metrics {
namespace {

std::string timestamp(std::chrono::system_clock::time_point now) {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::floor<milliseconds>(now.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t time = seconds.count();
  std::tm local{};
  localtime_r(&time, &local);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ",%03d", static_cast<int>((since_epoch - seconds).count()));
  return std::string(text.data()) + fraction.data();
}

}  // namespace

Logger::Logger(std::ostream& out, Options options) : out_(out), options_(std::move(options)) {}

void Logger::info(std::string_view message) { write("INFO", message); }
void Logger::warning(std::string_view message) { write("WARNING", message); }
void Logger::error(std::string_view message) { write("ERROR", message); }

void Logger::write(std::string_view level, std::string_view message) {
  if (options_.quiet) return;
  std::string line = "[titan] " + timestamp(options_.clock()) + " - root - ";
  line.append(level).append(" - ").append(message).append("\n");
  const std::lock_guard lock(mutex_);
  // One call, so that lines of other loggers on the same standard stream do not get in between.
  out_.write(line.data(), static_cast<std::streamsize>(line.size())).flush();
}

}  // namespace titan::metrics
