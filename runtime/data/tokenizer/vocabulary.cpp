#include "runtime/data/tokenizer/vocabulary.h"

#include "runtime/data/tokenizer/file_error.h"

namespace titan::tokenizer {

void Vocabulary::add(const std::string& token, int64_t id, const std::string& where) {
  if (id < 0 || id > kMaxTokenId) {
    throw file_error(
        where, "token '" + token + "' has id " + std::to_string(id) + "; ids are 0 to " + std::to_string(kMaxTokenId));
  }
  if (static_cast<size_t>(id) >= tokens_.size()) tokens_.resize(id + 1, nullptr);
  if (tokens_[id]) {
    throw file_error(
        where, "id " + std::to_string(id) + " is given to two tokens: '" + *tokens_[id] + "' and '" + token + "'");
  }
  const auto [entry, added] = ids_.emplace(token, static_cast<int32_t>(id));
  if (!added) throw file_error(where, "token '" + token + "' occurs twice");
  tokens_[id] = &entry->first;
}

std::optional<int32_t> Vocabulary::id_of(std::string_view token) const {
  const auto entry = ids_.find(token);
  if (entry == ids_.end()) return std::nullopt;
  return entry->second;
}

std::optional<std::string_view> Vocabulary::token_of(int64_t id) const {
  if (id < 0 || id >= end_id() || !tokens_[id]) return std::nullopt;
  return *tokens_[id];
}

}  // namespace titan::tokenizer
