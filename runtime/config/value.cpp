#include "runtime/config/value.h"

#include <charconv>
#include <cstdio>

namespace titan::config {
namespace {

constexpr size_t kLongestShown = 80;  // bytes of outside text in a message

bool is_control(char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    if (is_control(letter)) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned char>(letter));
      out += escape;
    } else {
      out += letter;
    }
  }
  return out + "\"";
}

std::string number_text(double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  std::string text(digits, end);
  // "1e-08" is "1e-8".
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && text[exponent + 2] == '0') text.erase(exponent + 2, 1);
  if (text.find_first_of(".ein") == std::string::npos) text += ".0";
  return text;
}

template <class Items, class Write>
std::string array_text(const Items& items, Write write) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? ", " : "") + write(item);
  return out + "]";
}

std::string list_text(const TextList& list) { return array_text(list, toml_string); }

struct Writer {
  std::string operator()(std::monostate) const { return "none"; }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return number_text(number); }
  std::string operator()(const std::string& text) const { return toml_string(text); }
  std::string operator()(const TextList& list) const { return list_text(list); }
  std::string operator()(const TextTable& table) const { return array_text(table, list_text); }
};

}  // namespace

std::string to_text(const Value& value) { return std::visit(Writer{}, value); }

std::string one_line(std::string_view text) {
  std::string out;
  for (char letter : text) {
    char escape[8] = {letter, 0};
    if (is_control(letter)) std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(letter));
    out += escape;
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  return "'" + one_line(text.substr(0, kLongestShown)) + (text.size() > kLongestShown ? "…'" : "'");
}

std::string found_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
  std::string text = to_text(value);
  if (text.size() > kLongestShown) text = text.substr(0, kLongestShown) + "…";
  return text;
}

}  // namespace titan::config
