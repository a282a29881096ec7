#include "cli/line_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace titan::cli {
namespace {

/// A line longer than this is passed on in pieces.
constexpr size_t kMostPending = 1 << 20;

void write_all(int target, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(target, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{target, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody reads any more: the processes go on
    }
  }
}

}  // namespace

LineRelay::LineRelay(int source, int target, std::string prefix)
    : source_(source), target_(target), prefix_(std::move(prefix)) {
  ::fcntl(source_, F_SETFL, ::fcntl(source_, F_GETFL) | O_NONBLOCK);
}

LineRelay::LineRelay(LineRelay&& other) noexcept
    : source_(std::exchange(other.source_, -1)),
      target_(other.target_),
      prefix_(std::move(other.prefix_)),
      pending_(std::move(other.pending_)) {}

LineRelay::~LineRelay() {
  if (source_ >= 0) ::close(source_);
}

void LineRelay::pump() {
  std::array<char, 65536> buffer;
  while (source_ >= 0) {
    const ssize_t size = ::read(source_, buffer.data(), buffer.size());
    if (size > 0) {
      pending_.append(buffer.data(), static_cast<size_t>(size));
      pass_on_lines();
    } else if (size == 0) {
      finish();
    } else if (errno != EINTR) {
      return;  // empty for now
    }
  }
}

void LineRelay::finish() {
  if (source_ < 0) return;
  ::close(std::exchange(source_, -1));
  if (pending_.empty()) return;
  pending_ += '\n';
  pass_on_lines();
}

void LineRelay::pass_on_lines() {
  if (pending_.size() > kMostPending && pending_.find('\n') == std::string::npos) pending_ += '\n';
  std::string lines;
  size_t begin = 0;
  for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (target_ < 0) continue;
    lines += prefix_;
    lines.append(pending_, begin, end + 1 - begin);
  }
  pending_.erase(0, begin);
  if (!lines.empty()) write_all(target_, lines);
}

}  // namespace titan::cli
