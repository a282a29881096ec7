#include "runtime/config/field.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/number_text.h"
#include "runtime/config/toml_file.h"

namespace titan::config {
namespace {

constexpr double kLargestCount = 1e12;

template <class T>
struct Plain {
  using type = T;
  static constexpr bool kOptional = false;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
  static constexpr bool kOptional = true;
};

template <class T>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>) return Kind::kFlag;
  if constexpr (std::is_same_v<T, int64_t>) return Kind::kInteger;
  if constexpr (std::is_same_v<T, double>) return Kind::kNumber;
  if constexpr (std::is_same_v<T, std::string>) return Kind::kText;
  if constexpr (std::is_same_v<T, TextList>) return Kind::kTextList;
  return Kind::kTextTable;
}

struct KindNames {
  const char* type;
  const char* expected;
};

constexpr std::array<KindNames, 6> kKindNames = {{{"bool", "true or false"},
                                                  {"int", "a whole number"},
                                                  {"float", "a number"},
                                                  {"str", "a text"},
                                                  {"list of str", "a list of texts"},
                                                  {"list of lists of str", "a list of lists of texts"}}};

const KindNames& names(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

/// Value's alternatives follow std::monostate in the order of Kind.
bool is_kind(const Value& value, Kind kind) { return value.index() == static_cast<size_t>(kind) + 1; }

std::string range_text(double number) {
  const std::string text = to_text(number);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

TextList split_at_commas(std::string_view text) {
  TextList items;
  if (trimmed(text).empty()) return items;
  while (true) {
    const size_t comma = text.find(',');
    items.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

bool same_in_any_case(const std::string& left, const std::string& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char one, unsigned char other) { return std::tolower(one) == std::tolower(other); });
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}

}  // namespace

Field::Field(std::string key, Target target, std::string meaning, Rules rules)
    : key_(std::move(key)), target_(target), meaning_(std::move(meaning)), rules_(std::move(rules)) {
  std::visit(
      [this](auto* live) {
        using Live = Plain<std::remove_pointer_t<decltype(live)>>;
        kind_ = kind_of<typename Live::type>();
        optional_ = Live::kOptional;
      },
      target_);
  default_ = value();
}

std::string Field::type_name() const { return std::string(names(kind_).type) + (optional_ ? " or none" : ""); }

std::string Field::expected() const { return std::string(names(kind_).expected) + (optional_ ? " or none" : ""); }

std::string Field::allowed() const {
  std::vector<std::string> parts;
  if (!rules_.choices.empty()) return joined(rules_.choices, ", ");
  if (rules_.minimum) parts.push_back("at least " + range_text(*rules_.minimum));
  if (rules_.above) parts.push_back("above " + range_text(*rules_.above));
  if (rules_.maximum) parts.push_back("at most " + range_text(*rules_.maximum));
  if (rules_.below) parts.push_back("below " + range_text(*rules_.below));
  std::string text = joined(parts, " and ");
  for (int64_t special : rules_.special) text += " or " + std::to_string(special);
  return text;
}

Value Field::value() const {
  return std::visit(
      [](const auto* live) -> Value {
        if constexpr (Plain<std::remove_cvref_t<decltype(*live)>>::kOptional) {
          return *live ? Value(**live) : Value();
        } else {
          return *live;
        }
      },
      target_);
}

void Field::assign(Value value) const {
  value = coerced(std::move(value));
  if (!std::holds_alternative<std::monostate>(value)) check(value);
  std::visit(
      [&value](auto* live) {
        using Live = Plain<std::remove_pointer_t<decltype(live)>>;
        if constexpr (Live::kOptional) {
          live->reset();
          if (std::holds_alternative<std::monostate>(value)) return;
        }
        *live = std::move(std::get<typename Live::type>(value));
      },
      target_);
}

Value Field::coerced(Value value) const {
  if (optional_ && std::holds_alternative<std::monostate>(value)) return value;
  if (kind_ == Kind::kNumber && std::holds_alternative<int64_t>(value)) {
    return static_cast<double>(std::get<int64_t>(value));
  }
  if (rules_.text_is_list && std::holds_alternative<std::string>(value)) {
    return split_at_commas(std::get<std::string>(value));
  }
  if (const auto* list = std::get_if<TextList>(&value); list && list->empty() && kind_ == Kind::kTextTable) {
    return TextTable();
  }
  if (!is_kind(value, kind_)) {
    fail("expects " + expected() + ", found " + found_text(value));
  }
  return value;
}

void Field::check(Value& value) const {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    const auto& special = rules_.special;
    if (std::find(special.begin(), special.end(), *integer) == special.end()) {
      check_number(static_cast<double>(*integer), value);
    }
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (!std::isfinite(*number)) fail("must be finite, found " + to_text(value));
    check_number(*number, value);
  } else if (auto* text = std::get_if<std::string>(&value)) {
    check_choice(*text);
  } else if (auto* list = std::get_if<TextList>(&value)) {
    for (auto& item : *list) check_choice(item);
  }
}

void Field::check_number(double number, const Value& shown) const {
  // Counts stay so small that sums of a few never overflow; products are checked where they are formed.
  const bool is_count = kind_ == Kind::kInteger && rules_.minimum;
  if (is_count && number > kLargestCount) fail("must be at most 10^12, found " + to_text(shown));
  const bool inside = (!rules_.minimum || number >= *rules_.minimum) &&
                      (!rules_.maximum || number <= *rules_.maximum) && (!rules_.above || number > *rules_.above) &&
                      (!rules_.below || number < *rules_.below);
  if (inside) return;
  if (!rules_.wording.empty()) throw ConfigError(key_, rules_.wording + ", found " + to_text(shown));
  fail("must be " + allowed() + ", found " + to_text(shown));
}

void Field::check_choice(std::string& text) const {
  if (rules_.not_empty && text.empty()) fail("must not be empty, found ''");
  if (rules_.choices.empty()) return;
  for (const auto& choice : rules_.choices) {
    if (text != choice && !(rules_.any_case && same_in_any_case(text, choice))) continue;
    text = choice;
    return;
  }
  fail("must be one of " + allowed() + (optional_ ? " or none" : "") + "; found " + in_quotes(text) +
       did_you_mean(text, rules_.choices));
}

Value Field::read_text(std::string_view text) const {
  if (optional_ && (text == "None" || text == "none")) return {};
  switch (kind_) {
    case Kind::kInteger:
      if (const auto number = read_integer(text)) return *number;
      break;
    case Kind::kNumber:
      if (const auto number = read_number(text)) return *number;
      break;
    case Kind::kTextList:
      return split_at_commas(text);
    case Kind::kTextTable:
      if (auto table = read_toml_value(text)) return *table;
      break;
    default:
      break;
  }
  return std::string(text);
}

void Field::fail(const std::string& message) const {
  throw ConfigError(key_, (rules_.wording.empty() ? "" : rules_.wording + ": ") + message);
}

}  // namespace titan::config
