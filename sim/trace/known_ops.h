#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace titan::trace {

/// Mixes `value` into `hash`.
inline size_t mix_hash(size_t hash, uint64_t value) {
  uint64_t mixed = (hash ^ value) * 0x9e3779b97f4a7c15;
  return mixed ^ mixed >> 29;
}

inline size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

/// Numbers of operations by name and signature, so that a caller need not build a descriptor to find out that it is
/// known. Looking up allocates nothing.
class KnownOps {
 public:
  std::optional<uint32_t> find(std::string_view name, std::span<const int64_t> signature) const {
    const auto found = numbers_.find(View{name, signature});
    if (found == numbers_.end()) return std::nullopt;
    return found->second;
  }

  void remember(std::string_view name, std::span<const int64_t> signature, uint32_t number) {
    numbers_.insert_or_assign(Key{std::string(name), {signature.begin(), signature.end()}}, number);
  }

 private:
  struct View {
    std::string_view name;
    std::span<const int64_t> signature;
  };
  struct Key {
    std::string name;
    std::vector<int64_t> signature;
    operator View() const { return {name, signature}; }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const View& view) const {
      size_t hash = hash_of(view.name);
      for (const int64_t number : view.signature) hash = mix_hash(hash, static_cast<uint64_t>(number));
      return hash;
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const View& a, const View& b) const {
      return a.name == b.name && a.signature.size() == b.signature.size() &&
             std::equal(a.signature.begin(), a.signature.end(), b.signature.begin());
    }
  };

  std::unordered_map<Key, uint32_t, Hash, Equal> numbers_;
};

}  // namespace titan::trace
