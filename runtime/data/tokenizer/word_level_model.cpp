#include "runtime/data/tokenizer/word_level_model.h"

#include "runtime/data/tokenizer/file_error.h"

namespace titan::tokenizer {

WordLevelModel::WordLevelModel(Vocabulary vocabulary, const std::string& unk_token, const std::string& where)
    : vocabulary_(std::move(vocabulary)) {
  const std::optional<int32_t> unk = vocabulary_.id_of(unk_token);
  if (!unk) {
    throw file_error(where, "a word-level vocabulary needs its unknown token '" + unk_token +
                                "': words outside the vocabulary could not be encoded");
  }
  unk_id_ = *unk;
}

void WordLevelModel::tokenize(std::string_view word, Scratch&, std::vector<int32_t>& ids) const {
  ids.push_back(vocabulary_.id_of(word).value_or(unk_id_));
}

}  // namespace titan::tokenizer
