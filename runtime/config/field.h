#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/config/value.h"

namespace titan::config {

enum class Kind { kFlag, kInteger, kNumber, kText, kTextList, kTextTable };

/// A live variable that a field is bound to; its type decides the field's kind and whether "none" is a value.
using Target = std::variant<bool*, int64_t*, double*, std::string*, TextList*, TextTable*, std::optional<int64_t>*,
                            std::optional<double>*, std::optional<std::string>*, std::optional<TextTable>*>;

/// What a field accepts beyond its type.
struct Rules {
  std::vector<std::string> choices = {};  // the only texts allowed (of a list: its elements)
  bool any_case = false;                  // choices match in any case and are stored as written here
  std::optional<double> minimum = {};
  std::optional<double> maximum = {};
  std::optional<double> above = {};   // greater than
  std::optional<double> below = {};   // less than
  std::vector<int64_t> special = {};  // whole numbers outside the range that have a meaning of their own
  bool not_empty = false;             // "" is refused
  bool text_is_list = false;          // a list may also be written as one text with commas
  bool command_line_only = false;     // refused in a TOML file
  std::string wording = {};           // says what a number must be; starts the message of a wrong choice
};

/// One key: its live variable, default, meaning and rules. Every source of values goes through `assign`.
class Field {
 public:
  /// The value that `target` holds now becomes the default. `target` must outlive the field.
  Field(std::string key, Target target, std::string meaning, Rules rules);

  const std::string& key() const { return key_; }
  const std::string& meaning() const { return meaning_; }
  const Rules& rules() const { return rules_; }
  const Value& default_value() const { return default_; }
  Kind kind() const { return kind_; }
  bool optional() const { return optional_; }

  /// Names the type as --help prints it: "int", "float or none", "list of str".
  std::string type_name() const;
  /// Names the type as a message does: "a whole number or none".
  std::string expected() const;
  /// Says what the rules allow, e.g. "at least 1 or -1"; empty where everything of the type is.
  std::string allowed() const;

  Value value() const;
  bool at_default() const { return value() == default_; }

  /// Checks type and rules and stores. Throws ConfigError(key, ...) otherwise; nothing is stored then.
  void assign(Value value) const;
  /// Reads a value as the command line and the environment write it: commas between list items, None for none. Texts
  /// that are no such value stay texts: `assign` refuses them.
  Value read_text(std::string_view text) const;

 private:
  Value coerced(Value value) const;
  void check(Value& value) const;
  void check_number(double number, const Value& shown) const;
  void check_choice(std::string& text) const;
  [[noreturn]] void fail(const std::string& message) const;

  std::string key_;
  Target target_;
  std::string meaning_;
  Rules rules_;
  Kind kind_;
  bool optional_ = false;
  Value default_;
};

}  // namespace titan::config
