#pragma once

#include <array>
#include <optional>
#include <unordered_map>

#include "runtime/data/tokenizer/model.h"

namespace titan::tokenizer {

/// One merge rule: the texts of its two tokens, in rank order in a list.
struct MergeRule {
  std::string left;
  std::string right;
};

/// How a BPE model is read from tokenizer.json.
struct BpeOptions {
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix;
  std::string end_of_word_suffix;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
  /// Words arrive as raw bytes, each byte standing for its character of the byte alphabet. Needs all 256 characters in
  /// the vocabulary and neither prefix nor suffix (can_read_raw_bytes).
  bool raw_bytes = false;
};

/// Byte-pair encoding as in the `tokenizers` package: starts from characters and applies the merge of lowest rank
/// first.
class BpeModel final : public Model {
 public:
  /// Throws ConfigError(`where`, …) for a merge of unknown tokens or a merge whose result is unknown, and for an
  /// unknown unk_token.
  BpeModel(Vocabulary vocabulary, const std::vector<MergeRule>& merges, BpeOptions options, const std::string& where);

  static bool can_read_raw_bytes(const Vocabulary& vocabulary, const BpeOptions& options);

  void tokenize(std::string_view word, Scratch& scratch, std::vector<int32_t>& ids) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::string name() const override { return "BPE"; }
  size_t num_merges() const override { return num_merges_; }

 private:
  void read_merges(const std::vector<MergeRule>& merges, const std::string& where);
  void index_symbols();
  void tokenize_part(std::string_view part, Scratch& scratch, std::vector<int32_t>& ids) const;
  void split_into_symbols(std::string_view word, std::vector<int32_t>& symbols) const;
  std::optional<int32_t> symbol(char32_t value, std::string_view text, bool first, bool last) const;
  std::optional<int32_t> whole_word(std::string_view word) const;

  Vocabulary vocabulary_;
  BpeOptions options_;
  PairTable merges_;
  size_t num_merges_ = 0;
  std::optional<int32_t> unk_id_;
  std::array<int32_t, 256> byte_symbols_{};  // raw bytes: id of each byte
  std::array<int32_t, 256> fallback_{};      // id of "<0xNN>", -1 where missing
  std::vector<int32_t> low_chars_;           // id of characters below kLowChars, -1 where missing
  std::unordered_map<char32_t, int32_t> high_chars_;
  std::unordered_map<std::string, int32_t> raw_words_;  // raw bytes and ignore_merges: every token by its bytes
  bool spaces_separate_ = false;                        // no merge crosses from another character into U+2581
};

}  // namespace titan::tokenizer
