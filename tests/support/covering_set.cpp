#include "tests/support/covering_set.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace titan::test {
namespace {

using Pair = std::tuple<size_t, int, size_t, int>;  // factor, value, later factor, value

std::vector<Pair> pairs_of(const Choice& choice) {
  std::vector<Pair> pairs;
  for (size_t a = 0; a < choice.size(); ++a) {
    for (size_t b = a + 1; b < choice.size(); ++b) pairs.emplace_back(a, choice[a], b, choice[b]);
  }
  return pairs;
}

int64_t count_new(const Choice& choice, const std::set<Pair>& missing) {
  const auto pairs = pairs_of(choice);
  return std::count_if(pairs.begin(), pairs.end(), [&](const Pair& pair) { return missing.contains(pair); });
}

}  // namespace

std::vector<Choice> full_product(const std::vector<int>& sizes, const std::function<bool(const Choice&)>& is_allowed) {
  std::vector<Choice> all;
  Choice choice(sizes.size(), 0);
  while (true) {
    if (is_allowed(choice)) all.push_back(choice);
    size_t factor = 0;
    while (factor < sizes.size() && ++choice[factor] == sizes[factor]) choice[factor++] = 0;
    if (factor == sizes.size()) return all;
  }
}

std::vector<Choice> covering_set(const std::vector<Choice>& all) {
  std::set<Pair> missing;
  for (const Choice& choice : all) {
    for (const Pair& pair : pairs_of(choice)) missing.insert(pair);
  }
  std::vector<Choice> picked;
  while (!missing.empty()) {
    const auto best = std::max_element(all.begin(), all.end(), [&](const Choice& a, const Choice& b) {
      return count_new(a, missing) < count_new(b, missing);
    });
    for (const Pair& pair : pairs_of(*best)) missing.erase(pair);
    picked.push_back(*best);
  }
  return picked;
}

}  // namespace titan::test
