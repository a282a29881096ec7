#include "runtime/config/nearest.h"

#include <algorithm>
#include <cctype>

namespace titan::config {
namespace {

// Longer texts are no mistyped names; the table of edits would grow with their square.
constexpr size_t kLongestName = 100;

int lower(char letter) { return std::tolower(static_cast<unsigned char>(letter)); }

}  // namespace

int edit_distance(std::string_view left, std::string_view right) {
  // Rows of the optimal-string-alignment table: two back, one back, current.
  std::vector<int> two_back, back(right.size() + 1), row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) back[j] = static_cast<int>(j);
  two_back = back;
  for (size_t i = 1; i <= left.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= right.size(); ++j) {
      const int differ = lower(left[i - 1]) != lower(right[j - 1]);
      row[j] = std::min({back[j] + 1, row[j - 1] + 1, back[j - 1] + differ});
      const bool swapped =
          i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) && lower(left[i - 2]) == lower(right[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_back[j - 2] + 1);
    }
    two_back.swap(back);
    back.swap(row);
  }
  return back[right.size()];
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  if (text.empty() || text.size() > kLongestName) return {};
  int fewest = std::max(2, static_cast<int>(text.size()) / 3) + 1;
  std::string best;
  for (const auto& candidate : candidates) {
    const int edits = edit_distance(text, candidate);
    if (edits >= fewest || edits >= static_cast<int>(std::max(text.size(), candidate.size()))) continue;
    fewest = edits;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates) {
  const std::string best = nearest(text, candidates);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

}  // namespace titan::config
