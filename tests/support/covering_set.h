#pragma once

#include <functional>
#include <vector>

namespace titan::test {

/// One choice per factor: the index of its value.
using Choice = std::vector<int>;

/// Lists every combination of factors with `sizes` values each that `is_allowed`.
std::vector<Choice> full_product(const std::vector<int>& sizes, const std::function<bool(const Choice&)>& is_allowed);

/// Picks from `all` a set in which every pair of values of two factors that occurs in `all` occurs, greedily, in an
/// order that depends on `all` alone.
std::vector<Choice> covering_set(const std::vector<Choice>& all);

}  // namespace titan::test
