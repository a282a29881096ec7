#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace titan::tokenizer {

/// The printable character that stands for each byte in a byte-level vocabulary (GPT-2): printable Latin-1 characters
/// stand for themselves, the 68 other bytes, in order, for U+0100, U+0101, ….
constexpr std::array<char16_t, 256> make_byte_alphabet() {
  std::array<char16_t, 256> alphabet{};
  char16_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    alphabet[byte] = printable ? static_cast<char16_t>(byte) : next++;
  }
  return alphabet;
}
inline constexpr std::array<char16_t, 256> kByteAlphabet = make_byte_alphabet();

/// Returns the byte that a character of the alphabet stands for, nothing for other characters.
std::optional<uint8_t> byte_of_char(char32_t value);

/// Writes raw bytes in the alphabet.
std::string bytes_to_alphabet(std::string_view bytes);

/// Reads raw bytes back; nothing if a character is outside the alphabet. `text` must be valid UTF-8.
std::optional<std::string> alphabet_to_bytes(std::string_view text);

}  // namespace titan::tokenizer
