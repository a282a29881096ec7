#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/data/tokenizer/tokenizer_parts.h"

namespace titan::tokenizer {

/// A tokenizer with the ids of the Python `tokenizers` package. All const functions are thread-safe; encoding threads
/// share nothing but a short lock on a list of word caches.
class Tokenizer {
 public:
  /// Reads a Hugging Face assets folder. Throws ConfigError as read_tokenizer_folder does.
  static Tokenizer load(const std::string& folder);
  explicit Tokenizer(TokenizerParts parts);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  /// Returns the ids of a text. Ill-formed UTF-8 is read as U+FFFD. With neither flag these are the package's ids
  /// without special tokens. add_bos puts what the files put before a text (usually BOS), with BOS in front if it is
  /// not among that; add_eos likewise behind. A tokenizer without BOS or EOS adds none.
  std::vector<int32_t> encode(std::string_view text, bool add_bos, bool add_eos) const;
  /// The same with the folder's defaults (add_bos_token, add_eos_token; true where it names none).
  std::vector<int32_t> encode(std::string_view text) const;

  /// Returns the text of ids. Ids without a token contribute nothing, as in the package; bytes that are not UTF-8
  /// become U+FFFD.
  std::string decode(std::span<const int32_t> ids, bool skip_special_tokens = true) const;

  /// One more than the largest id: what an embedding table must hold.
  int64_t vocab_size() const { return vocab_size_; }
  std::optional<int32_t> bos_id() const { return parts_.bos_id; }
  std::optional<int32_t> eos_id() const { return parts_.eos_id; }
  std::optional<int32_t> pad_id() const { return parts_.pad_id; }
  /// Returns the id of a token's text, the token of an id; nothing where there is none.
  std::optional<int32_t> id_of(const std::string& token) const { return parts_.id_of(token); }
  std::optional<std::string> token_of(int32_t id) const;

  /// What the folder said; `notices` in it are worth a line in a log.
  const TokenizerParts& parts() const { return parts_; }

 private:
  class ScratchPool;
  void encode_text(std::string_view text, Scratch& scratch, std::vector<int32_t>& ids) const;
  void encode_between(Piece piece, Scratch& scratch, std::vector<int32_t>& ids) const;
  void encode_words(Piece piece, Scratch& scratch, std::vector<int32_t>& ids) const;
  const AddedToken* added_token(int32_t id) const;

  TokenizerParts parts_;
  AddedTokenFinder original_finder_;    // tokens searched in the original text
  AddedTokenFinder normalized_finder_;  // tokens searched in the normalised text
  std::vector<int32_t> before_;         // with BOS
  std::vector<int32_t> after_;          // with EOS
  std::unordered_map<int32_t, size_t> added_by_id_;
  int64_t vocab_size_ = 0;
  std::unique_ptr<ScratchPool> pool_;
};

}  // namespace titan::tokenizer
