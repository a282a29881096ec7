#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/tokenizer/added_tokens.h"
#include "runtime/data/tokenizer/decoder.h"
#include "runtime/data/tokenizer/model.h"
#include "runtime/data/tokenizer/normalizer.h"
#include "runtime/data/tokenizer/post_processor.h"
#include "runtime/data/tokenizer/pre_tokenizer.h"

namespace titan::tokenizer {

/// Everything that a tokenizer folder says.
struct TokenizerParts {
  std::unique_ptr<Model> model;
  std::unique_ptr<Normalizer> normalizer;       // may be null
  std::unique_ptr<PreTokenizer> pre_tokenizer;  // null: the text is one word
  std::unique_ptr<Decoder> decoder;             // null: tokens are joined by spaces
  Surroundings surroundings;
  std::vector<AddedToken> added_tokens;
  std::optional<int32_t> bos_id;
  std::optional<int32_t> eos_id;
  std::optional<int32_t> pad_id;
  bool add_bos_by_default = true;
  bool add_eos_by_default = true;
  std::vector<std::string> notices;  // harmless contradictions between the files, one line each

  /// Returns the id of a token, added or of the model.
  std::optional<int32_t> id_of(const std::string& token) const;
  /// Registers a token: one that has an id keeps it and gets these flags, a new one gets the next free id. Returns the
  /// id.
  int32_t add(AddedToken token);
};

/// Reads a tokenizer.json of version 1.0. Throws ConfigError(`where`, …) naming what is damaged or not supported.
TokenizerParts read_tokenizer_json(const Json& file, const std::string& where);

/// GPT-2 style: byte-level BPE from vocab.json or vocab.txt with merges.txt; word-level without merges (empty path).
TokenizerParts read_plain_tokenizer(const std::string& vocabulary_path, const std::string& merges_path);

/// Reads what tokenizer_config.json says about special tokens: {bos,eos,pad,unk,sep,cls,mask}_token as text or object,
/// added_tokens_decoder, add_bos_token, add_eos_token. Its other members do not influence ids.
void apply_tokenizer_config(const Json& file, const std::string& where, TokenizerParts& parts);

}  // namespace titan::tokenizer
