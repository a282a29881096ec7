#include "runtime/config/number_text.h"

#include <cctype>
#include <charconv>
#include <string>

namespace titan::config {
namespace {

bool is_digit(char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; }

/// Drops a leading plus and underscores between digits, which std::from_chars does not take.
std::string plain(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between_digits = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (text[i] != '_' || !between_digits) out += text[i];
  }
  return out;
}

template <class T>
std::optional<T> read(std::string_view text) {
  const std::string digits = plain(text);
  T number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  return number;
}

}  // namespace

std::optional<int64_t> read_integer(std::string_view text) { return read<int64_t>(text); }

std::optional<double> read_number(std::string_view text) { return read<double>(text); }

}  // namespace titan::config
