#include "runtime/data/tokenizer/file_error.h"

#include <array>
#include <cstdio>

namespace titan::tokenizer {

config::ConfigError file_error(const std::string& where, const std::string& message) {
  std::string line;
  for (const char c : message) {
    if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(c));
      line += escape.data();
    } else {
      line += c;
    }
  }
  return {where, line};
}

}  // namespace titan::tokenizer
