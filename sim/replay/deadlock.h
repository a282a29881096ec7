#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace titan::replay {

/// Why traces cannot finish: each entry waits for the next, the last for the first, or for a rank that never comes.
struct Deadlock {
  struct Waiting {
    int32_t rank = 0;  // that the role's trace is of
    size_t node = 0;
    std::string what;  // the node in words
  };
  std::vector<Waiting> cycle;
  std::optional<int32_t> absent_rank = std::nullopt;  // whose trace ends without the last entry's counterpart
};

/// Raised when traces cannot finish. what() lists the cycle with ranks and nodes.
class DeadlockError : public std::runtime_error {
 public:
  explicit DeadlockError(Deadlock deadlock);
  const Deadlock& deadlock() const { return deadlock_; }

 private:
  Deadlock deadlock_;
};

}  // namespace titan::replay
