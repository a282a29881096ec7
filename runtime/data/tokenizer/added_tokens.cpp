#include "runtime/data/tokenizer/added_tokens.h"

#include <algorithm>

#include "runtime/data/tokenizer/char_test.h"

namespace titan::tokenizer {
namespace {

constexpr int32_t kNoToken = -1;

}  // namespace

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens,
                                   FunctionRef<std::string(const AddedToken&)> pattern_of)
    : tokens_(tokens), token_at_node_(1, kNoToken) {
  for (size_t i = 0; i < tokens_.size(); ++i) insert(pattern_of(tokens_[i]), static_cast<int32_t>(i));
}

void AddedTokenFinder::insert(const std::string& pattern, int32_t token) {
  if (pattern.empty()) return;
  if (first_bytes_.find(pattern[0]) == std::string::npos) first_bytes_ += pattern[0];
  uint64_t node = 0;
  for (const char byte : pattern) {
    const auto [edge, added] = edges_.emplace(node << 8 | static_cast<uint8_t>(byte), token_at_node_.size());
    if (added) token_at_node_.push_back(kNoToken);
    node = static_cast<uint64_t>(edge->second);
  }
  if (token_at_node_[node] == kNoToken) token_at_node_[node] = token;
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::longest_at(std::string_view text, size_t begin) const {
  std::optional<Match> longest;
  uint64_t node = 0;
  for (size_t pos = begin; pos < text.size(); ++pos) {
    const auto edge = edges_.find(node << 8 | static_cast<uint8_t>(text[pos]));
    if (edge == edges_.end()) break;
    node = static_cast<uint64_t>(edge->second);
    if (token_at_node_[node] != kNoToken) longest = Match{begin, pos + 1, &tokens_[token_at_node_[node]]};
  }
  return longest;
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::find(std::string_view text, size_t from) const {
  const auto candidate = [&](size_t pos) {
    return first_bytes_.size() == 1 ? text.find(first_bytes_[0], pos) : text.find_first_of(first_bytes_, pos);
  };
  for (size_t begin = candidate(from); begin != std::string_view::npos; begin = candidate(begin + 1)) {
    if (const std::optional<Match> match = longest_at(text, begin)) return match;
  }
  return std::nullopt;
}

void AddedTokenFinder::split(std::string_view text, FunctionRef<void(Part)> part) const {
  size_t done = 0;
  size_t from = 0;
  while (const std::optional<Match> match = find(text, from)) {
    auto [begin, end, token] = *match;
    from = end;
    const bool alone = !token->single_word ||
                       (!ends_with_word_char(text.substr(0, begin)) && !starts_with_word_char(text.substr(end)));
    if (!alone) continue;
    if (token->lstrip) begin = std::max(done, begin - trailing_space(text.substr(0, begin)));
    if (token->rstrip) end += leading_space(text.substr(end));
    if (begin > done) part({text.substr(done, begin - done), std::nullopt});
    part({text.substr(begin, end - begin), token->id});
    done = end;
  }
  if (done < text.size()) part({text.substr(done), std::nullopt});
}

}  // namespace titan::tokenizer
