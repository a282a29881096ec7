#include "runtime/parallel/tensor/tensor_plan.h"

#include <algorithm>

namespace titan::parallel {

bool matches(const std::string& pattern, const std::string& name) {
  size_t p = 0, n = 0;
  while (p < pattern.size() && n < name.size()) {
    const size_t p_end = std::min(pattern.find('.', p), pattern.size());
    const size_t n_end = std::min(name.find('.', n), name.size());
    const auto part = pattern.substr(p, p_end - p);
    if (part != "*" && part != name.substr(n, n_end - n)) return false;
    if ((p_end == pattern.size()) != (n_end == name.size())) return false;
    p = p_end + 1;
    n = n_end + 1;
  }
  return !pattern.empty() && !name.empty();
}

}  // namespace titan::parallel
