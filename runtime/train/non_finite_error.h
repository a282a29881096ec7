#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace titan::train {

/// A loss or gradient norm became NaN or infinite. The run stops with status 1.
class NonFiniteError : public std::runtime_error {
 public:
  /// `what`: "loss" or "gradient norm"; `parameter`: the first one whose gradient is affected, if any is.
  NonFiniteError(const std::string& what, int64_t step, const std::optional<std::string>& parameter)
      : std::runtime_error("step " + std::to_string(step) + ": the " + what + " is not finite" +
                           (parameter ? "; first parameter affected: " + *parameter : "")) {}
};

}  // namespace titan::train
