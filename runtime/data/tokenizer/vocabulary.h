#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace titan::tokenizer {

/// Ids are below this, so that a damaged file cannot ask for gigabytes.
inline constexpr int64_t kMaxTokenId = (1 << 24) - 1;

/// The tokens of a model and their ids, one to one. Ids may have gaps.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  /// Adds a token. Throws ConfigError(`where`, …) for a repeated token, a repeated id or an id outside 0..kMaxTokenId.
  void add(const std::string& token, int64_t id, const std::string& where);

  std::optional<int32_t> id_of(std::string_view token) const;
  /// Returns the token, nothing for an id that has none.
  std::optional<std::string_view> token_of(int64_t id) const;

  /// Number of tokens.
  size_t size() const { return ids_.size(); }
  /// One more than the largest id.
  int64_t end_id() const { return static_cast<int64_t>(tokens_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> ids_;
  std::vector<const std::string*> tokens_;  // keys of ids_, null in gaps
};

}  // namespace titan::tokenizer
