#include "runtime/data/tokenizer/byte_alphabet.h"

#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {
namespace {

constexpr size_t kAlphabetEnd = 0x100 + 68;  // one behind the last character used

constexpr std::array<int16_t, kAlphabetEnd> make_inverse() {
  std::array<int16_t, kAlphabetEnd> inverse{};
  for (int16_t& entry : inverse) entry = -1;
  for (int byte = 0; byte < 256; ++byte) inverse[kByteAlphabet[byte]] = static_cast<int16_t>(byte);
  return inverse;
}
constexpr std::array<int16_t, kAlphabetEnd> kInverse = make_inverse();

}  // namespace

std::optional<uint8_t> byte_of_char(char32_t value) {
  if (value >= kAlphabetEnd || kInverse[value] < 0) return std::nullopt;
  return static_cast<uint8_t>(kInverse[value]);
}

std::string bytes_to_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_char(kByteAlphabet[static_cast<uint8_t>(byte)], text);
  return text;
}

std::optional<std::string> alphabet_to_bytes(std::string_view text) {
  std::string bytes;
  for (size_t pos = 0; pos < text.size();) {
    const std::optional<uint8_t> byte = byte_of_char(next_char(text, pos));
    if (!byte) return std::nullopt;
    bytes.push_back(static_cast<char>(*byte));
  }
  return bytes;
}

}  // namespace titan::tokenizer
