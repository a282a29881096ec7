#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace titan::config {

/// Counts the single-letter edits (insert, remove, replace, swap of neighbours) between two texts, ignoring case.
int edit_distance(std::string_view left, std::string_view right);

/// Finds the candidate with the fewest edits; empty when none is near enough to be meant (a third of the letters, at
/// least 2). The first of equals wins.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

/// Ends an error message: "; did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace titan::config
