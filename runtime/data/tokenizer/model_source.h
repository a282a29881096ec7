#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/data/tokenizer/bpe_model.h"
#include "runtime/data/tokenizer/json_object.h"
#include "runtime/data/tokenizer/model.h"

namespace titan::tokenizer {

/// A model as read from a file, before it is known how words will arrive.
struct ModelSource {
  enum class Kind { kBpe, kWordLevel };
  Kind kind = Kind::kBpe;
  std::string where;  // the file, for messages
  Vocabulary vocabulary;
  std::vector<MergeRule> merges;
  BpeOptions options;  // also holds the unknown token of a word-level model

  /// Says whether the model can take its words as raw bytes.
  bool can_read_raw_bytes() const { return kind == Kind::kBpe && BpeModel::can_read_raw_bytes(vocabulary, options); }
};

/// Reads the `model` section of tokenizer.json. Throws ConfigError for a type or setting that is not supported.
ModelSource read_model(JsonObject section);

/// Reads vocab.json (or vocab.txt, a token a line) and merges.txt of GPT-2 style folders; without merges (empty path)
/// the model is word-level with the unknown token [UNK].
ModelSource read_vocabulary_files(const std::string& vocabulary_path, const std::string& merges_path);

/// Builds the model.
std::unique_ptr<Model> build_model(ModelSource source, bool raw_bytes);

}  // namespace titan::tokenizer
