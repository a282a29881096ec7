#include "runtime/data/tokenizer/utf8.h"

#include <cstdint>
#include <cstring>

namespace titan::tokenizer {
namespace {

struct Prefix {
  size_t length;  // bytes of the longest prefix that may start a well-formed sequence, at least 1
  bool complete;  // that prefix is a whole code point
};

// Unicode 15 table 3-7: the second byte's range depends on the first, later bytes are 80..BF.
Prefix sequence_at(std::string_view bytes, size_t pos) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = byte(pos);
  if (first < 0x80) return {1, true};
  if (first < 0xC2 || first > 0xF4) return {1, false};
  const size_t wanted = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < wanted; ++i) {
    if (pos + i >= bytes.size() || byte(pos + i) < low || byte(pos + i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {wanted, true};
}

size_t skip_ascii(std::string_view bytes, size_t pos) {
  for (; pos + 8 <= bytes.size(); pos += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + pos, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (pos < bytes.size() && static_cast<uint8_t>(bytes[pos]) < 0x80) ++pos;
  return pos;
}

}  // namespace

char32_t next_char(std::string_view text, size_t& pos) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(text[i])); };
  const char32_t first = byte(pos);
  if (first < 0x80) return ++pos, first;
  if (first < 0xE0) return pos += 2, (first & 0x1F) << 6 | (byte(pos - 1) & 0x3F);
  if (first < 0xF0) return pos += 3, (first & 0x0F) << 12 | (byte(pos - 2) & 0x3F) << 6 | (byte(pos - 1) & 0x3F);
  pos += 4;
  return (first & 0x07) << 18 | (byte(pos - 3) & 0x3F) << 12 | (byte(pos - 2) & 0x3F) << 6 | (byte(pos - 1) & 0x3F);
}

void append_char(char32_t value, std::string& text) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (value < 0x80) return put(value);
  if (value < 0x800) {
    put(0xC0 | value >> 6);
  } else {
    if (value < 0x10000) {
      put(0xE0 | value >> 12);
    } else {
      put(0xF0 | value >> 18);
      put(0x80 | (value >> 12 & 0x3F));
    }
    put(0x80 | (value >> 6 & 0x3F));
  }
  put(0x80 | (value & 0x3F));
}

std::string char_to_utf8(char32_t value) {
  std::string text;
  append_char(value, text);
  return text;
}

bool is_valid_utf8(std::string_view bytes) {
  for (size_t pos = skip_ascii(bytes, 0); pos < bytes.size(); pos = skip_ascii(bytes, pos)) {
    const Prefix prefix = sequence_at(bytes, pos);
    if (!prefix.complete) return false;
    pos += prefix.length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t pos = 0; pos < bytes.size();) {
    const Prefix prefix = sequence_at(bytes, pos);
    if (prefix.complete) {
      text.append(bytes, pos, prefix.length);
    } else {
      text += "\xEF\xBF\xBD";
    }
    pos += prefix.length;
  }
  return text;
}

}  // namespace titan::tokenizer
