#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/data/tokenizer/function_ref.h"

namespace titan::tokenizer {

/// A token that is found in the text before the model sees it.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      // left out by decode unless asked for
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows the white space before it
  bool rstrip = false;       // swallows the white space behind it
  bool normalized = false;   // searched in the normalised text, not in the original
};

/// Finds added tokens: leftmost, then longest. Const use is thread-safe.
class AddedTokenFinder {
 public:
  /// A part of the text: an added token if `id` is there, else text between such.
  struct Part {
    std::string_view text;
    std::optional<int32_t> id;
  };

  AddedTokenFinder() = default;
  /// `pattern_of` gives the text to look for (the normalised content, for instance).
  AddedTokenFinder(const std::vector<AddedToken>& tokens, FunctionRef<std::string(const AddedToken&)> pattern_of);

  bool empty() const { return tokens_.empty(); }
  /// Calls `part` for the parts in order.
  void split(std::string_view text, FunctionRef<void(Part)> part) const;

 private:
  struct Match {
    size_t begin;
    size_t end;
    const AddedToken* token;
  };
  void insert(const std::string& pattern, int32_t token);
  std::optional<Match> find(std::string_view text, size_t from) const;
  std::optional<Match> longest_at(std::string_view text, size_t begin) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<uint64_t, int32_t> edges_;  // (node << 8 | byte) -> node
  std::vector<int32_t> token_at_node_;
  std::string first_bytes_;
};

}  // namespace titan::tokenizer
