#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace titan::tokenizer {

/// The merge rule of each pair of token ids: rank (lower merges first) and the id that results. Open addressing, at
/// most half full.
class PairTable {
 public:
  /// Rank in the high half, resulting id in the low half: rules compare by rank. kNone compares behind all rules.
  using Rule = uint64_t;
  static constexpr Rule kNone = ~0ull;
  static constexpr Rule make_rule(uint32_t rank, int32_t id) {
    return uint64_t{rank} << 32 | static_cast<uint32_t>(id);
  }
  static constexpr int32_t id_of(Rule rule) { return static_cast<int32_t>(static_cast<uint32_t>(rule)); }

  explicit PairTable(std::size_t num_pairs) {
    std::size_t size = 16;
    while (size < num_pairs * 2) size *= 2;
    slots_.assign(size, Slot{kEmpty, kNone});
    mask_ = size - 1;
  }

  /// Sets the rule of a pair; a later rule of the same pair replaces the earlier one.
  void set(int32_t left, int32_t right, Rule rule) {
    const uint64_t key = make_key(left, right);
    std::size_t i = hash(key) & mask_;
    while (slots_[i].key != kEmpty && slots_[i].key != key) i = (i + 1) & mask_;
    slots_[i] = {key, rule};
  }

  Rule find(int32_t left, int32_t right) const {
    const uint64_t key = make_key(left, right);
    for (std::size_t i = hash(key) & mask_;; i = (i + 1) & mask_) {
      if (slots_[i].key == key) return slots_[i].rule;
      if (slots_[i].key == kEmpty) return kNone;
    }
  }

 private:
  struct Slot {
    uint64_t key;
    Rule rule;
  };
  static constexpr uint64_t kEmpty = ~0ull;  // ids are not negative
  static uint64_t make_key(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  static std::size_t hash(uint64_t key) { return (key * 0x9E3779B97F4A7C15ull) >> 29; }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace titan::tokenizer
