#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "estimator/report/estimate.h"

namespace titan::estimator {

/// A condition on an estimate: `memory<75GiB`, `tokens_per_second>=5000`, `exposed_communication<10%`, `fits`.
struct Assertion {
  enum class Operator { less, at_most, greater, at_least, holds };

  std::string text;      // as it was given
  std::string quantity;  // a name from assertable_quantities()
  Operator op = Operator::holds;
  double bound = 0.0;          // in the quantity's own unit: bytes, seconds, tokens per second, percent
  bool share_of_step = false;  // the bound is percent of the step time
};

/// What came of an assertion.
struct Verdict {
  bool holds = false;
  std::string text;  // "memory<75GiB holds: 72.98 GiB"
};

/// Reads `<quantity> <operator> <number><unit>`, or `fits`; spaces are free. Throws ConfigError("--assert", ...), one
/// line with what is allowed and the nearest name.
Assertion parse_assertion(std::string_view text);

/// Compares. Memory quantities are those of the fullest role.
Verdict check_assertion(const Assertion& assertion, const Estimate& estimate);

/// Lists what can be asserted on.
std::vector<std::string> assertable_quantities();

}  // namespace titan::estimator
