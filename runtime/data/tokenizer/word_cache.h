#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace titan::tokenizer {

/// Remembers the ids of short words. Direct-mapped with entries of one cache line: bounded memory, nothing to evict.
/// Not thread-safe: every encoding thread uses its own.
class WordCache {
 public:
  static constexpr size_t kMaxBytes = 24;
  static constexpr size_t kMaxIds = 9;

  WordCache() : entries_(kNumEntries) {}

  static bool fits(std::string_view word) { return !word.empty() && word.size() <= kMaxBytes; }

  /// Appends the ids of a word that fits and is known; false if it is not known.
  bool find(std::string_view word, std::vector<int32_t>& ids) {
    const Key key = make_key(word);
    const Entry& entry = entries_[slot(key)];
    if (entry.num_bytes != word.size() || entry.key != key) return false;
    const size_t start = ids.size();
    if (ids.capacity() < start + kMaxIds) ids.reserve(2 * ids.capacity() + kMaxIds);
    for (size_t i = 0; i < entry.num_ids; ++i) ids.push_back(entry.ids[i]);
    return true;
  }

  /// Remembers `count` ids of a word that fits; more than kMaxIds are not remembered.
  void insert(std::string_view word, const int32_t* ids, size_t count) {
    if (count > kMaxIds) return;
    const Key key = make_key(word);
    Entry& entry = entries_[slot(key)];
    entry.key = key;
    entry.num_bytes = static_cast<uint8_t>(word.size());
    entry.num_ids = static_cast<uint8_t>(count);
    std::copy_n(ids, count, entry.ids.begin());
  }

 private:
  using Key = std::array<uint64_t, kMaxBytes / 8>;
  struct alignas(64) Entry {
    Key key;
    std::array<int32_t, kMaxIds> ids;
    uint8_t num_bytes;
    uint8_t num_ids;
  };
  static_assert(sizeof(Entry) == 64);
  static constexpr size_t kNumEntries = 1 << 15;

  static Key make_key(std::string_view word) {
    Key key{};
    std::memcpy(key.data(), word.data(), word.size());
    return key;
  }
  static size_t slot(const Key& key) {
    uint64_t hash = key[0] * 0x9E3779B97F4A7C15ull;
    hash = (hash ^ hash >> 32 ^ key[1]) * 0xC2B2AE3D27D4EB4Full;
    hash = (hash ^ hash >> 29 ^ key[2]) * 0x165667B19E3779F9ull;
    return hash >> (64 - 15);
  }

  std::vector<Entry> entries_;  // num_bytes 0: empty
};

}  // namespace titan::tokenizer
