#pragma once

#include "runtime/data/tokenizer/model.h"

namespace titan::tokenizer {

/// One id per word; words outside the vocabulary become the unknown token.
class WordLevelModel final : public Model {
 public:
  /// Throws ConfigError(`where`, …) when the unknown token is not in the vocabulary.
  WordLevelModel(Vocabulary vocabulary, const std::string& unk_token, const std::string& where);

  void tokenize(std::string_view word, Scratch& scratch, std::vector<int32_t>& ids) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::string name() const override { return "WordLevel"; }
  size_t num_merges() const override { return 0; }

 private:
  Vocabulary vocabulary_;
  int32_t unk_id_ = 0;
};

}  // namespace titan::tokenizer
