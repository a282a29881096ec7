#include "runtime/data/tokenizer/splitter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "runtime/data/tokenizer/regex_dialect.h"
#include "runtime/data/tokenizer/unicode_class.h"

namespace titan::tokenizer {

std::optional<SplitBehavior> split_behavior(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames{"removed", "isolated", "contiguous", "mergedwithprevious",
                                                   "mergedwithnext"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto found = std::find(kNames.begin(), kNames.end(), lower);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<SplitBehavior>(found - kNames.begin());
}

UnicodeRegex::UnicodeRegex(const std::string& pattern, const std::string& exact_pattern, const std::string& where)
    : fast_(pattern, where) {
  if (exact_pattern != pattern) exact_.emplace(exact_pattern, where);
}

UnicodeRegex UnicodeRegex::from_json_dialect(const std::string& pattern, const std::string& where) {
  return {translate_regex(pattern, false, where), translate_regex(pattern, true, where), where};
}

void UnicodeRegex::for_each_match(std::string_view text, FunctionRef<bool(Span)> found) const {
  const Regex& regex = exact_ && has_recent_chars(text) ? *exact_ : fast_;
  regex.for_each_match(text, found);
}

Splitter::Splitter(UnicodeRegex pattern, SplitBehavior behavior, bool invert)
    : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

void Splitter::cut(std::string_view text, FunctionRef<void(Piece)> piece) const {
  size_t pos = 0;
  pattern_.for_each_match(text, [&](Span match) {
    if (match.begin > pos) piece({{pos, match.begin}, invert_});
    piece({match, !invert_});
    pos = match.end;
    return true;
  });
  if (pos < text.size()) piece({{pos, text.size()}, invert_});
}

void Splitter::split(std::string_view text, FunctionRef<void(std::string_view)> part) const {
  const auto emit = [&](Span span) {
    if (span.end > span.begin) part(text.substr(span.begin, span.end - span.begin));
  };
  if (behavior_ == SplitBehavior::kIsolated || behavior_ == SplitBehavior::kRemoved) {
    const bool keep_matches = behavior_ == SplitBehavior::kIsolated;
    return cut(text, [&](Piece piece) {
      if (keep_matches || !piece.matched) emit(piece.span);
    });
  }
  std::vector<Piece> pieces;
  cut(text, [&](Piece piece) { pieces.push_back(piece); });
  std::vector<Span> spans;
  const bool backwards = behavior_ == SplitBehavior::kMergedWithNext;
  if (backwards) std::reverse(pieces.begin(), pieces.end());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto [span, matched] = pieces[i];
    const bool after_match = i > 0 && pieces[i - 1].matched;
    const bool joins =
        i > 0 && (behavior_ == SplitBehavior::kContiguous ? matched == after_match : matched && !after_match);
    if (!joins) {
      spans.push_back(span);
    } else if (backwards) {
      spans.back().begin = span.begin;
    } else {
      spans.back().end = span.end;
    }
  }
  if (backwards) std::reverse(spans.begin(), spans.end());
  for (const Span span : spans) emit(span);
}

}  // namespace titan::tokenizer
