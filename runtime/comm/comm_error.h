#pragma once

#include <stdexcept>

namespace titan::comm {

/// A peer failed, vanished, timed out or issued another operation. The text names the communicator, the ranks and the
/// calls.
class CommError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace titan::comm
