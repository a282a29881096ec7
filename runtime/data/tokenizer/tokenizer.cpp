#include "runtime/data/tokenizer/tokenizer.h"

#include <algorithm>
#include <mutex>

#include "runtime/data/tokenizer/tokenizer_folder.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {

/// Scratch objects that no thread is using.
class Tokenizer::ScratchPool {
 public:
  std::unique_ptr<Scratch> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Scratch> scratch = std::move(idle_.back());
        idle_.pop_back();
        return scratch;
      }
    }
    return std::make_unique<Scratch>();
  }

  void give_back(std::unique_ptr<Scratch> scratch) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> idle_;
};

Tokenizer Tokenizer::load(const std::string& folder) { return Tokenizer(read_tokenizer_folder(folder)); }
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer::Tokenizer(TokenizerParts parts) : parts_(std::move(parts)), pool_(std::make_unique<ScratchPool>()) {
  std::vector<AddedToken> original;
  std::vector<AddedToken> normalized;
  vocab_size_ = parts_.model->vocabulary().end_id();
  for (const AddedToken& token : parts_.added_tokens) {
    (token.normalized ? normalized : original).push_back(token);
    vocab_size_ = std::max<int64_t>(vocab_size_, token.id + 1);
    added_by_id_.emplace(token.id, added_by_id_.size());
  }
  original_finder_ = AddedTokenFinder(original, [](const AddedToken& token) { return token.content; });
  normalized_finder_ = AddedTokenFinder(normalized, [&](const AddedToken& token) {
    std::string content = token.content;
    if (parts_.normalizer) parts_.normalizer->apply(content);
    return content;
  });
  const auto contains = [](const std::vector<int32_t>& ids, int32_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  before_ = parts_.surroundings.before;
  after_ = parts_.surroundings.after;
  if (parts_.bos_id && !contains(before_, *parts_.bos_id)) before_.insert(before_.begin(), *parts_.bos_id);
  if (parts_.eos_id && !contains(after_, *parts_.eos_id)) after_.push_back(*parts_.eos_id);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  return encode(text, parts_.add_bos_by_default, parts_.add_eos_by_default);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool add_bos, bool add_eos) const {
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3 + 8);
  if (add_bos) ids = before_;
  std::unique_ptr<Scratch> scratch = pool_->take();
  if (is_valid_utf8(text)) {
    encode_text(text, *scratch, ids);
  } else {
    encode_text(replace_invalid_utf8(text), *scratch, ids);
  }
  pool_->give_back(std::move(scratch));
  if (add_eos) ids.insert(ids.end(), after_.begin(), after_.end());
  return ids;
}

void Tokenizer::encode_text(std::string_view text, Scratch& scratch, std::vector<int32_t>& ids) const {
  if (original_finder_.empty()) return encode_between({text, true}, scratch, ids);
  original_finder_.split(text, [&](AddedTokenFinder::Part part) {
    if (part.id) return ids.push_back(*part.id);
    encode_between({part.text, part.text.data() == text.data()}, scratch, ids);
  });
}

// A part of the original text without added tokens: normalises it, then looks for the tokens of the normalised text.
void Tokenizer::encode_between(Piece piece, Scratch& scratch, std::vector<int32_t>& ids) const {
  std::string& normalized = scratch.normalized;
  if (parts_.normalizer) {
    normalized.assign(piece.text);
    parts_.normalizer->apply(normalized);
    piece.text = normalized;
  }
  if (normalized_finder_.empty()) return encode_words(piece, scratch, ids);
  normalized_finder_.split(piece.text, [&](AddedTokenFinder::Part part) {
    if (part.id) return ids.push_back(*part.id);
    encode_words({part.text, piece.at_start && part.text.data() == piece.text.data()}, scratch, ids);
  });
}

void Tokenizer::encode_words(Piece piece, Scratch& scratch, std::vector<int32_t>& ids) const {
  if (piece.text.empty()) return;
  if (!parts_.pre_tokenizer) return parts_.model->tokenize(piece.text, scratch, ids);
  parts_.pre_tokenizer->split(piece, [&](Piece word) { parts_.model->tokenize(word.text, scratch, ids); });
}

const AddedToken* Tokenizer::added_token(int32_t id) const {
  const auto entry = added_by_id_.find(id);
  return entry == added_by_id_.end() ? nullptr : &parts_.added_tokens[entry->second];
}

std::optional<std::string> Tokenizer::token_of(int32_t id) const {
  if (const AddedToken* added = added_token(id)) return added->content;
  const std::optional<std::string_view> token = parts_.model->vocabulary().token_of(id);
  return token ? std::optional<std::string>(*token) : std::nullopt;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const int32_t id : ids) {
    const AddedToken* added = added_token(id);
    if (added && added->special && skip_special_tokens) continue;
    if (std::optional<std::string> token = token_of(id)) tokens.push_back(std::move(*token));
  }
  if (parts_.decoder) parts_.decoder->apply(tokens);
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && !parts_.decoder) text += ' ';
    text += tokens[i];
  }
  return text;
}

}  // namespace titan::tokenizer
