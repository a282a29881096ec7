#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

namespace titan::trace {

/// Gives equal values one number: their place in `values`, which must outlive the table. Hash is a function object over
/// what T is looked up by.
template <class T, class Hash>
class InternTable {
 public:
  explicit InternTable(std::vector<T>& values) : values_(values), numbers_(8, HashOf{&values}, EqualTo{&values}) {}

  template <class Like>
  uint32_t intern(Like&& value) {
    const auto found = numbers_.find(value);
    if (found != numbers_.end()) return *found;
    const uint32_t number = static_cast<uint32_t>(values_.size());
    values_.emplace_back(std::forward<Like>(value));
    numbers_.insert(number);
    return number;
  }

 private:
  struct HashOf {
    using is_transparent = void;
    const std::vector<T>* values;
    size_t operator()(uint32_t number) const { return Hash()((*values)[number]); }
    template <class Like>
    size_t operator()(const Like& value) const {
      return Hash()(value);
    }
  };
  struct EqualTo {
    using is_transparent = void;
    const std::vector<T>* values;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    template <class Like>
    bool operator()(const Like& value, uint32_t number) const {
      return (*values)[number] == value;
    }
    template <class Like>
    bool operator()(uint32_t number, const Like& value) const {
      return (*values)[number] == value;
    }
  };

  std::vector<T>& values_;
  std::unordered_set<uint32_t, HashOf, EqualTo> numbers_;
};

}  // namespace titan::trace
