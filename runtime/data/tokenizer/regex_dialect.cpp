#include "runtime/data/tokenizer/regex_dialect.h"

#include <array>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/unicode_class.h"

namespace titan::tokenizer {
namespace {

constexpr const char* kHexDigits = "0-9A-Fa-f";
// Oniguruma's \w also has these digits and fractions of Latin-1.
constexpr const char* kOnigurumaWordExtras = R"(\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE})";

constexpr std::array<std::pair<const char*, const char*>, 14> kLongCategories{{{"Letter", "L"},
                                                                               {"Uppercase_Letter", "Lu"},
                                                                               {"Lowercase_Letter", "Ll"},
                                                                               {"Titlecase_Letter", "Lt"},
                                                                               {"Modifier_Letter", "Lm"},
                                                                               {"Other_Letter", "Lo"},
                                                                               {"Mark", "M"},
                                                                               {"Number", "N"},
                                                                               {"Decimal_Number", "Nd"},
                                                                               {"Letter_Number", "Nl"},
                                                                               {"Other_Number", "No"},
                                                                               {"Punctuation", "P"},
                                                                               {"Symbol", "S"},
                                                                               {"Separator", "Z"}}};

class Translator {
 public:
  Translator(const std::string& pattern, bool exact, const std::string& where)
      : in_(pattern), exact_(exact), where_(where) {}

  std::string run() {
    while (pos_ < in_.size()) step();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view construct) const {
    throw file_error(
        where_, "regular expression '" + std::string(in_) + "': '" + std::string(construct) + "' is not supported");
  }

  bool take(std::string_view text) {
    if (!in_.substr(pos_).starts_with(text)) return false;
    pos_ += text.size();
    return true;
  }

  void step() {
    const char c = in_[pos_];
    if (c == '\\') return escape();
    if (c == '[') return character_class();
    if (c == '(') return open_group();
    if (c == '{') return interval();
    ++pos_;
    if (c == '*' || c == '+' || c == '?') {
      out_ += c;
      return;
    }
    if (c == ')') {
      out_ += c;
      if (!groups_.empty()) atom_ = groups_.back(), groups_.pop_back();
      return;
    }
    atom_ = out_.size();
    if (c == '^') {
      out_ += "(?m:^)";
    } else if (c == '$') {
      out_ += "(?m:$)";
    } else {
      out_ += c;
    }
  }

  void open_group() {
    const size_t start = out_.size();
    ++pos_;
    if (!take("?")) {
      out_ += '(';
    } else if (take("#")) {
      const size_t end = in_.find(')', pos_);
      if (end == std::string_view::npos) refuse("(?#");
      pos_ = end + 1;
      return;
    } else {
      out_ += "(?";
      for (const char* kind : {":", "=", "!", ">", "<=", "<!"}) {
        if (!take(kind)) continue;
        out_ += kind;
        groups_.push_back(start);
        return;
      }
      if (in_.substr(pos_).starts_with("<")) {  // a named group: the name passes through
        const size_t end = in_.find('>', pos_);
        if (end == std::string_view::npos) refuse("(?<");
        out_ += in_.substr(pos_, end + 1 - pos_);
        pos_ = end + 1;
      } else {
        return options(start);
      }
    }
    groups_.push_back(start);
  }

  // (?i: …) and, where nothing stands before it, (?i). Oniguruma's m is PCRE2's s.
  void options(size_t start) {
    const size_t begin = pos_;
    for (; pos_ < in_.size() && std::string_view("imx-").find(in_[pos_]) != std::string_view::npos; ++pos_) {
      out_ += in_[pos_] == 'm' ? 's' : in_[pos_];
      if (in_[pos_] == 'x') refuse("(?x)");
    }
    if (take(":")) {
      out_ += ':';
      groups_.push_back(start);
    } else if (pos_ < in_.size() && in_[pos_] == ')' && start == 0) {
      ++pos_;
      out_ += ')';
    } else {
      refuse(in_.substr(begin - 2, pos_ + 1 - (begin - 2)));
    }
  }

  // {n,m}, {,m}, {n,}; anything else is literal. {n,m}+ repeats the repetition, it is not possessive.
  void interval() {
    size_t end = pos_ + 1;
    while (end < in_.size() && (std::isdigit(static_cast<unsigned char>(in_[end])) || in_[end] == ',')) ++end;
    const std::string_view body = in_.substr(pos_ + 1, end - pos_ - 1);
    const bool is_interval =
        end < in_.size() && in_[end] == '}' && !body.empty() && body != "," && body.find(',') == body.rfind(',');
    if (!is_interval) {
      ++pos_;
      atom_ = out_.size();
      out_ += "\\{";
      return;
    }
    pos_ = end + 1;
    out_ += body.front() == ',' ? "{0" : "{";
    out_ += body;
    out_ += '}';
    if (pos_ < in_.size() && in_[pos_] == '+') {
      out_.insert(atom_, "(?:");
      out_ += ')';
    } else if (pos_ < in_.size() && in_[pos_] == '?' && body.find(',') == std::string_view::npos) {
      refuse("{" + std::string(body) + "}?");
    }
  }

  void escape() {
    atom_ = out_.size();
    const size_t start = pos_;
    if (pos_ + 1 >= in_.size()) refuse("\\");
    const char c = in_[pos_ + 1];
    const std::string inside = class_inside(c);
    if (!inside.empty()) {
      pos_ += 2;
      out_ += (std::isupper(static_cast<unsigned char>(c)) ? "[^" : "[") + inside + "]";
      return;
    }
    if (c == 'b' || c == 'B') {
      pos_ += 2;
      const std::string word = "[" + class_inside('w') + "]";
      out_ += c == 'b' ? "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"
                       : "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))";
      return;
    }
    if (c == 'p' || c == 'P') {
      const auto [inner, negated] = property();
      const bool single = inner.find('}') + 1 == inner.size();
      out_ += !single ? (negated ? "[^" : "[") + inner + "]" : (negated ? "\\P" : "\\p") + inner.substr(2);
      return;
    }
    if (character_escape()) return;
    if (std::string_view("AzZdDR").find(c) == std::string_view::npos && !(c >= '1' && c <= '9')) {
      refuse(in_.substr(start, 2));
    }
    out_ += in_.substr(pos_, 2);
    pos_ += 2;
  }

  // What \s, \w, \h and \d stand for (either case of the letter), for the inside of a class; "" for other letters.
  std::string class_inside(char letter) const {
    switch (std::tolower(static_cast<unsigned char>(letter))) {
      case 's':
        return kWhiteSpace;
      case 'h':
        return kHexDigits;
      case 'd':
        return "\\p{Nd}" + recent("Nd");
      case 'w':
        return kWordChars + (kOnigurumaWordExtras + recent("L")) + recent("M") + recent("Nd") + recent("Pc");
      default:
        return "";
    }
  }

  std::string recent(std::string_view category) const { return exact_ ? recent_chars(category) : ""; }

  // Reads \p{Name}, \p{^Name} or \P{Name}: the inside of a class and whether it is negated.
  std::pair<std::string, bool> property() {
    const size_t start = pos_;
    bool negated = in_[pos_ + 1] == 'P';
    const size_t end = in_.find('}', pos_);
    if (pos_ + 2 >= in_.size() || in_[pos_ + 2] != '{' || end == std::string_view::npos) refuse(in_.substr(start, 3));
    std::string name(in_.substr(pos_ + 3, end - pos_ - 3));
    pos_ = end + 1;
    if (name.starts_with('^')) {
      negated = !negated;
      name.erase(0, 1);
    }
    for (const auto& [long_name, category] : kLongCategories) {
      if (name == long_name) name = category;
    }
    if (name.empty()) refuse(in_.substr(start, pos_ - start));
    if (name == "Alphabetic") return {"\\p{Alphabetic}" + recent("L"), negated};
    if (name.size() <= 2) return {"\\p{" + name + "}" + recent(name), negated};
    const std::string additions = exact_ && name == "Han" ? "\\x{2B739}\\x{2EBF0}-\\x{2EE5D}\\x{31350}-\\x{323AF}" : "";
    return {"\\p{sc:" + name + "}" + additions, negated};
  }

  // \t, \x41, é, \. and the like: one character, written so that PCRE2 reads the same one.
  bool character_escape() {
    const char c = in_[pos_ + 1];
    if (c == 'v') {
      out_ += "\\x0B";
    } else if (c == 'u') {
      const std::string_view digits = in_.substr(pos_ + 2, 4);
      if (digits.size() < 4) refuse("\\u");
      out_ += "\\x{" + std::string(digits) + "}";
      pos_ += 6;
      return true;
    } else if (c == 'x') {
      return hex_escape();
    } else if (std::string_view("tnrfae").find(c) != std::string_view::npos) {
      out_ += in_.substr(pos_, 2);
    } else if (!std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80) {
      out_ += in_.substr(pos_, 2);
    } else {
      return false;
    }
    pos_ += 2;
    return true;
  }

  bool hex_escape() {
    size_t end = pos_ + 2;
    if (end < in_.size() && in_[end] == '{') {
      end = in_.find('}', end);
      if (end == std::string_view::npos) refuse("\\x{");
      ++end;
    } else {
      while (end < in_.size() && end < pos_ + 4 && std::isxdigit(static_cast<unsigned char>(in_[end]))) ++end;
      // Above 7F two digits are a raw byte to Oniguruma and a character to PCRE2.
      if (end != pos_ + 4 || in_[pos_ + 2] > '7') refuse(in_.substr(pos_, end - pos_));
    }
    out_ += in_.substr(pos_, end - pos_);
    pos_ = end;
    return true;
  }

  void character_class() {
    atom_ = out_.size();
    out_ += '[';
    ++pos_;
    if (take("^")) out_ += '^';
    if (take("]")) out_ += "\\]";
    while (pos_ < in_.size() && in_[pos_] != ']') class_item();
    if (pos_ >= in_.size()) refuse("[ without ]");
    ++pos_;
    out_ += ']';
  }

  void class_item() {
    const std::string_view rest = in_.substr(pos_);
    if (rest.starts_with("&&")) refuse("&&");
    if (rest[0] == '[') refuse(rest.starts_with("[:") ? "[:" : "[ inside a class");
    if (rest[0] != '\\') {
      out_ += rest[0];
      ++pos_;
      return;
    }
    if (rest.size() < 2) refuse("\\");
    const char c = rest[1];
    const std::string inside = class_inside(c);
    if (!inside.empty()) {
      if (std::isupper(static_cast<unsigned char>(c))) return negated_class_item(c);
      pos_ += 2;
      out_ += inside;
    } else if (c == 'p' || c == 'P') {
      const size_t start = pos_;
      const auto [inner, negated] = property();
      if (!negated) {
        out_ += inner;
      } else if (const size_t end = inner.find('}'); end + 1 == inner.size()) {
        out_ += "\\P" + inner.substr(2);
      } else {
        refuse(in_.substr(start, pos_ - start));
      }
    } else if (!character_escape()) {
      refuse(rest.substr(0, 2));
    }
  }

  // PCRE2 has no class in a class; \S is its own \S and the one character on which both disagree.
  void negated_class_item(char letter) {
    if (letter == 'S') {
      out_ += "\\S\\x{180E}";
    } else if (letter == 'D' && !exact_) {
      out_ += "\\D";
    } else {
      refuse(std::string("[\\") + letter + "]");
    }
    pos_ += 2;
  }

  std::string_view in_;
  bool exact_;
  const std::string& where_;
  size_t pos_ = 0;
  std::string out_;
  size_t atom_ = 0;             // where in out_ the last atom begins
  std::vector<size_t> groups_;  // where the open groups begin
};

}  // namespace

std::string translate_regex(const std::string& pattern, bool exact, const std::string& where) {
  return Translator(pattern, exact, where).run();
}

}  // namespace titan::tokenizer
