#include "estimator/report/text_layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/config/value.h"

namespace titan::estimator {
namespace {

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// Byte offset of character number `index`, the text's size past its end.
size_t offset_of(std::string_view text, size_t index) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (begins_character(text[at]) && index-- == 0) break;
  }
  return at;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string unbroken(std::string text) {
  replace_all(text, " ", kHardSpace);
  return text;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::string shortened(std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  return std::string(text.substr(0, offset_of(text, width - 1))) + "…";
}

std::string shortened_middle(std::string_view text, size_t width) {
  const size_t has = display_width(text);
  if (has <= width) return std::string(text);
  const size_t tail = (width - 1) / 2;
  const size_t head = width - 1 - tail;
  return std::string(text.substr(0, offset_of(text, head))) + "…" +
         std::string(text.substr(offset_of(text, has - tail)));
}

std::string left(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, display_width(text)), ' ');
}

std::string right(std::string_view text, size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ') + std::string(text);
}

std::vector<std::string> wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines = {""};
  const std::string clean = config::one_line(text);
  for (size_t begin = 0; begin < clean.size();) {
    const size_t end = std::min(clean.find(' ', begin), clean.size());
    std::string word = clean.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (!lines.back().empty()) {
      if (display_width(lines.back()) + 1 + display_width(word) <= width) {
        lines.back() += " " + word;
        continue;
      }
      lines.emplace_back();
    }
    for (; display_width(word) > width; word.erase(0, offset_of(word, width))) {
      lines.back() = word.substr(0, offset_of(word, width));
      lines.emplace_back();
    }
    lines.back() = word;
  }
  for (std::string& line : lines) replace_all(line, kHardSpace, " ");
  return lines;
}

std::string bar(double share, size_t width) {
  constexpr std::array<std::string_view, 9> kPartial = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  if (!(share > 0.0)) return "";
  const auto eighths = std::max<long>(1, std::lround(std::min(share, 1.0) * 8.0 * static_cast<double>(width)));
  std::string drawn;
  for (long full = 0; full < eighths / 8; ++full) drawn += kPartial[8];
  return drawn + std::string(kPartial[static_cast<size_t>(eighths % 8)]);
}

}  // namespace titan::estimator
