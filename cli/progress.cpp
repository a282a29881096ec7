#include "cli/progress.h"

#include <utility>

namespace titan::cli {
namespace {

constexpr std::chrono::seconds kQuiet(2);

}  // namespace

Progress::Progress(std::string command, std::FILE* out, std::function<Clock::time_point()> now)
    : command_(std::move(command)), out_(out), now_(std::move(now)), last_(now_()) {}

void Progress::say(const std::string& what) {
  const auto now = now_();
  if (now - last_ < kQuiet) return;
  last_ = now;
  std::fprintf(out_, "%s: %s\n", command_.c_str(), what.c_str());
}

}  // namespace titan::cli
