#include "runtime/data/tokenizer/unicode_form.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

struct Decomposition {
  char32_t whole;
  char32_t first;
  char32_t second;  // 0: a single character stands for `whole`
  bool composes;    // the parts go back together
};
struct ClassRange {
  char32_t first;
  char32_t last;
  uint8_t combining_class;
};
struct CaseRange {
  char32_t first;
  char32_t last;
  uint8_t step;
  int32_t difference;
};

#include "runtime/data/tokenizer/unicode_forms.inc"

// Hangul syllables are arithmetic: Unicode 15, section 3.12.
constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
constexpr char32_t kNumLeads = 19, kNumVowels = 21, kNumTails = 28;
constexpr char32_t kNumSyllables = kNumLeads * kNumVowels * kNumTails;

// The entry whose range may hold the value, in a table sorted by `first`.
template <class Entry, size_t size>
const Entry* find_range(const Entry (&table)[size], char32_t value) {
  const Entry* behind = std::upper_bound(std::begin(table), std::end(table), value,
                                         [](char32_t c, const Entry& entry) { return c < entry.first; });
  if (behind == std::begin(table) || value > std::prev(behind)->last) return nullptr;
  return std::prev(behind);
}

uint8_t combining_class(char32_t value) {
  if (value < 0x300) return 0;
  const ClassRange* range = find_range(kCombiningClasses, value);
  return range ? range->combining_class : 0;
}

void append_decomposed(char32_t value, std::u32string& out) {
  if (value < 0xC0) return out.push_back(value);
  if (value >= kSyllables && value < kSyllables + kNumSyllables) {
    const char32_t index = value - kSyllables;
    out.push_back(kLeads + index / (kNumVowels * kNumTails));
    out.push_back(kVowels + index / kNumTails % kNumVowels);
    if (index % kNumTails) out.push_back(kTails + index % kNumTails);
    return;
  }
  const Decomposition* entry = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), value,
                                                [](const Decomposition& d, char32_t c) { return d.whole < c; });
  if (entry == std::end(kDecompositions) || entry->whole != value) return out.push_back(value);
  append_decomposed(entry->first, out);
  if (entry->second) append_decomposed(entry->second, out);
}

std::u32string decompose(std::string_view text) {
  std::u32string chars;
  for (size_t pos = 0; pos < text.size();) append_decomposed(next_char(text, pos), chars);
  for (auto it = chars.begin(); it != chars.end();) {
    if (combining_class(*it) == 0) {
      ++it;
      continue;
    }
    const auto end = std::find_if(it, chars.end(), [](char32_t c) { return combining_class(c) == 0; });
    std::stable_sort(it, end, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    it = end;
  }
  return chars;
}

const std::unordered_map<uint64_t, char32_t>& compositions() {
  static const auto pairs = [] {
    std::unordered_map<uint64_t, char32_t> map;
    for (const Decomposition& d : kDecompositions) {
      if (d.composes) map.emplace(uint64_t{d.first} << 32 | d.second, d.whole);
    }
    return map;
  }();
  return pairs;
}

// The character that two make together, 0 if they do not.
char32_t compose_pair(char32_t first, char32_t second) {
  if (first >= kLeads && first < kLeads + kNumLeads && second >= kVowels && second < kVowels + kNumVowels) {
    return kSyllables + ((first - kLeads) * kNumVowels + (second - kVowels)) * kNumTails;
  }
  const bool open_syllable =
      first >= kSyllables && first < kSyllables + kNumSyllables && (first - kSyllables) % kNumTails == 0;
  if (open_syllable && second > kTails && second < kTails + kNumTails) return first + (second - kTails);
  const auto entry = compositions().find(uint64_t{first} << 32 | second);
  return entry == compositions().end() ? 0 : entry->second;
}

// A mark joins the last starter unless a mark between them has its class or a higher one.
void compose(std::u32string& chars) {
  constexpr size_t kNone = ~size_t{0};
  size_t starter = kNone;
  size_t out = 0;
  int last_class = -1;  // of what stands between the starter and here; -1 for nothing
  for (const char32_t value : chars) {
    const int value_class = combining_class(value);
    if (starter != kNone && last_class < value_class) {
      if (const char32_t composed = compose_pair(chars[starter], value)) {
        chars[starter] = composed;
        continue;
      }
    }
    if (value_class == 0) {
      starter = out;
      last_class = -1;
    } else {
      last_class = value_class;
    }
    chars[out++] = value;
  }
  chars.resize(out);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

char32_t lower_of(char32_t value) {
  const CaseRange* range = find_range(kLowerCase, value);
  if (!range || (value - range->first) % range->step) return value;
  return static_cast<char32_t>(static_cast<int32_t>(value) + range->difference);
}

}  // namespace

std::optional<UnicodeForm> unicode_form(std::string_view name) {
  if (name == "NFC") return UnicodeForm::kComposed;
  if (name == "NFD") return UnicodeForm::kDecomposed;
  return std::nullopt;
}

void normalize(UnicodeForm form, std::string& text) {
  if (is_ascii(text)) return;
  std::u32string chars = decompose(text);
  if (form == UnicodeForm::kComposed) compose(chars);
  text.clear();
  for (const char32_t value : chars) append_char(value, text);
}

void lowercase(std::string& text) {
  std::string result;
  result.reserve(text.size());
  for (size_t pos = 0; pos < text.size();) {
    const char32_t value = next_char(text, pos);
    if (value == 0x130) {  // the one character whose lower case is two: i and a dot above
      result += "i\xCC\x87";
    } else {
      append_char(lower_of(value), result);
    }
  }
  text = std::move(result);
}

}  // namespace titan::tokenizer
