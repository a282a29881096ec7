#include "runtime/data/tokenizer/bpe_model.h"

#include <algorithm>
#include <cstdio>

#include "runtime/data/tokenizer/byte_alphabet.h"
#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

constexpr char32_t kLowChars = 0x3000;
constexpr int32_t kMissing = -1;
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space

std::string fallback_token(int byte) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "<0x%02X>", byte);
  return text.data();
}

// The stretches of SentencePiece text that merges cannot leave: each begins with a run of U+2581.
size_t part_length(std::string_view text) {
  size_t pos = 0;
  while (text.substr(pos, kSpaceMark.size()) == kSpaceMark) pos += kSpaceMark.size();
  pos = text.find(kSpaceMark, pos);
  return pos == std::string_view::npos ? text.size() : pos;
}

}  // namespace

BpeModel::BpeModel(Vocabulary vocabulary, const std::vector<MergeRule>& merges, BpeOptions options,
                   const std::string& where)
    : vocabulary_(std::move(vocabulary)), options_(std::move(options)), merges_(merges.size()) {
  if (options_.unk_token) {
    unk_id_ = vocabulary_.id_of(*options_.unk_token);
    if (!unk_id_) throw file_error(where, "model.unk_token '" + *options_.unk_token + "' is not in the vocabulary");
  }
  read_merges(merges, where);
  index_symbols();
}

bool BpeModel::can_read_raw_bytes(const Vocabulary& vocabulary, const BpeOptions& options) {
  for (const char16_t character : kByteAlphabet) {
    if (!vocabulary.id_of(char_to_utf8(character))) return false;
  }
  return options.continuing_subword_prefix.empty() && options.end_of_word_suffix.empty();
}

void BpeModel::read_merges(const std::vector<MergeRule>& merges, const std::string& where) {
  spaces_separate_ = !options_.ignore_merges && !options_.raw_bytes && options_.continuing_subword_prefix.empty() &&
                     options_.end_of_word_suffix.empty() && vocabulary_.id_of(kSpaceMark).has_value();
  const std::string& prefix = options_.continuing_subword_prefix;
  num_merges_ = merges.size();
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string& left = merges[rank].left;
    const std::string& right = merges[rank].right;
    const std::string_view tail = std::string_view(right).substr(right.starts_with(prefix) ? prefix.size() : 0);
    const std::string result = left + std::string(tail);
    const auto id = [&](const std::string& token) {
      const std::optional<int32_t> found = vocabulary_.id_of(token);
      if (!found) {
        throw file_error(where, "model.merges[" + std::to_string(rank) + "] (\"" + left + "\", \"" + right +
                                    "\"): token '" + token + "' is not in the vocabulary");
      }
      return *found;
    };
    const int32_t left_id = id(left);
    const int32_t right_id = id(right);
    merges_.set(left_id, right_id, PairTable::make_rule(static_cast<uint32_t>(rank), id(result)));
    if (right.starts_with(kSpaceMark) && !left.ends_with(kSpaceMark)) spaces_separate_ = false;
  }
}

void BpeModel::index_symbols() {
  low_chars_.assign(kLowChars, kMissing);
  for (int64_t id = 0; id < vocabulary_.end_id(); ++id) {
    const std::optional<std::string_view> token = vocabulary_.token_of(id);
    if (!token || token->empty()) continue;
    size_t end = 0;
    const char32_t value = next_char(*token, end);
    if (end != token->size()) continue;
    if (value < kLowChars) {
      low_chars_[value] = static_cast<int32_t>(id);
    } else {
      high_chars_.emplace(value, static_cast<int32_t>(id));
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    fallback_[byte] = vocabulary_.id_of(fallback_token(byte)).value_or(kMissing);
    byte_symbols_[byte] = low_chars_[kByteAlphabet[byte]];
  }
  if (!options_.raw_bytes || !options_.ignore_merges) return;
  for (int64_t id = 0; id < vocabulary_.end_id(); ++id) {
    const std::optional<std::string_view> token = vocabulary_.token_of(id);
    const std::optional<std::string> bytes = token ? alphabet_to_bytes(*token) : std::nullopt;
    if (bytes) raw_words_.emplace(*bytes, static_cast<int32_t>(id));
  }
}

std::optional<int32_t> BpeModel::whole_word(std::string_view word) const {
  if (!options_.raw_bytes) return vocabulary_.id_of(word);
  const auto entry = raw_words_.find(std::string(word));
  return entry == raw_words_.end() ? std::nullopt : std::optional(entry->second);
}

void BpeModel::tokenize(std::string_view word, Scratch& scratch, std::vector<int32_t>& ids) const {
  if (!spaces_separate_) return tokenize_part(word, scratch, ids);
  while (!word.empty()) {
    const size_t length = part_length(word);
    tokenize_part(word.substr(0, length), scratch, ids);
    word.remove_prefix(length);
  }
}

void BpeModel::tokenize_part(std::string_view part, Scratch& scratch, std::vector<int32_t>& ids) const {
  const bool cached = WordCache::fits(part);
  if (cached && scratch.cache.find(part, ids)) return;
  std::vector<int32_t>& symbols = scratch.merge.symbols;
  symbols.clear();
  const std::optional<int32_t> whole = options_.ignore_merges ? whole_word(part) : std::nullopt;
  if (whole) {
    symbols.push_back(*whole);
  } else {
    split_into_symbols(part, symbols);
    merge_symbols(merges_, scratch.merge);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
  if (cached) scratch.cache.insert(part, symbols.data(), symbols.size());
}

// The package's rules for what the vocabulary lacks: byte fallback if all bytes have a token, else unk (one per run
// with fuse_unk), else nothing. A pending unk is written at the next known character or at the end, so it may follow
// fallback bytes.
void BpeModel::split_into_symbols(std::string_view word, std::vector<int32_t>& symbols) const {
  if (options_.raw_bytes) {
    for (const char byte : word) symbols.push_back(byte_symbols_[static_cast<uint8_t>(byte)]);
    return;
  }
  bool unk_pending = false;
  for (size_t pos = 0; pos < word.size();) {
    const size_t begin = pos;
    const char32_t value = next_char(word, pos);
    const std::string_view text = word.substr(begin, pos - begin);
    const std::optional<int32_t> known = symbol(value, text, begin == 0, pos == word.size());
    if (known) {
      if (unk_pending) symbols.push_back(*unk_id_);
      unk_pending = false;
      symbols.push_back(*known);
      continue;
    }
    if (options_.byte_fallback) {
      const size_t size = symbols.size();
      for (const char byte : text) symbols.push_back(fallback_[static_cast<uint8_t>(byte)]);
      if (std::find(symbols.begin() + size, symbols.end(), kMissing) == symbols.end()) continue;
      symbols.resize(size);
    }
    if (!unk_id_) continue;
    if (unk_pending && !options_.fuse_unk) symbols.push_back(*unk_id_);
    unk_pending = true;
  }
  if (unk_pending) symbols.push_back(*unk_id_);
}

std::optional<int32_t> BpeModel::symbol(char32_t value, std::string_view text, bool first, bool last) const {
  const bool prefixed = !first && !options_.continuing_subword_prefix.empty();
  const bool suffixed = last && !options_.end_of_word_suffix.empty();
  if (prefixed || suffixed) {
    return vocabulary_.id_of((prefixed ? options_.continuing_subword_prefix : "") + std::string(text) +
                             (suffixed ? options_.end_of_word_suffix : ""));
  }
  int32_t id = kMissing;
  if (value < kLowChars) {
    id = low_chars_[value];
  } else if (const auto entry = high_chars_.find(value); entry != high_chars_.end()) {
    id = entry->second;
  }
  return id == kMissing ? std::nullopt : std::optional(id);
}

}  // namespace titan::tokenizer
