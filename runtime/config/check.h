#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace titan::config {

/// A caller broke a function's contract (tier 0's counterpart of c10::Error).
class ContractError : public std::logic_error {
  using std::logic_error::logic_error;
};

/// Throws ContractError with the concatenated parts unless `condition` holds. Grammar: operation first, rule second,
/// values last: "shard_rows: rank must be below num_ranks: rank=4 num_ranks=4".
template <class... Parts>
void check(bool condition, const Parts&... parts) {
  if (condition) return;
  std::ostringstream text;
  (text << ... << parts);
  throw ContractError(text.str());
}

}  // namespace titan::config
