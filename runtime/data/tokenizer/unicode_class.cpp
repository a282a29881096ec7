#include "runtime/data/tokenizer/unicode_class.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstdio>
#include <iterator>

#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

struct Addition {
  char32_t first;
  char32_t last;
  const char* category;
};

constexpr Addition kAdditions[] = {
#include "runtime/data/tokenizer/unicode_additions.inc"
};

using PageSet = std::bitset<0x1100>;  // 256 characters a page

const PageSet& pages_with_additions() {
  static const PageSet pages = [] {
    PageSet set;
    for (const Addition& addition : kAdditions) {
      for (char32_t page = addition.first >> 8; page <= addition.last >> 8; ++page) set.set(page);
    }
    return set;
  }();
  return pages;
}

bool is_recent(char32_t value) {
  const auto* behind = std::upper_bound(std::begin(kAdditions), std::end(kAdditions), value,
                                        [](char32_t c, const Addition& addition) { return c < addition.first; });
  return behind != std::begin(kAdditions) && value <= std::prev(behind)->last;
}

}  // namespace

bool has_recent_chars(std::string_view text) {
  const PageSet& pages = pages_with_additions();
  for (size_t pos = 0; pos < text.size();) {
    if (static_cast<uint8_t>(text[pos]) < 0xE0) {  // below U+0800 nothing was added
      ++pos;
      continue;
    }
    const char32_t value = next_char(text, pos);
    if (pages.test(value >> 8) && is_recent(value)) return true;
  }
  return false;
}

std::string recent_chars(std::string_view category) {
  std::string ranges;
  for (const Addition& addition : kAdditions) {
    if (!std::string_view(addition.category).starts_with(category)) continue;
    std::array<char, 40> range{};
    std::snprintf(range.data(), range.size(), "\\x{%X}-\\x{%X}", static_cast<unsigned>(addition.first),
                  static_cast<unsigned>(addition.last));
    ranges += range.data();
  }
  return ranges;
}

}  // namespace titan::tokenizer
