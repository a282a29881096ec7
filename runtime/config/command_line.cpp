#include "runtime/config/command_line.h"

#include <algorithm>

#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/older_keys.h"

namespace titan::config {
namespace {

/// What an option's name means: a field, and for --no_flag the value false.
struct Option {
  const Field* field = nullptr;
  bool negated = false;
};

/// Removes "no_" from the last part of a dotted name; empty where there is none.
std::string without_no(const std::string& name) {
  const size_t leaf = name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1;
  return name.compare(leaf, 3, "no_") == 0 ? name.substr(0, leaf) + name.substr(leaf + 3) : "";
}

Option find_option(const Schema& schema, const std::string& name) {
  for (const auto& alias : schema.aliases()) {
    if (alias.name == name) return {schema.find(alias.key)};
  }
  if (const Field* field = schema.find(name)) return {field};
  const Field* field = schema.find(without_no(name));
  return field && field->kind() == Kind::kFlag ? Option{field, true} : Option{};
}

[[noreturn]] void refuse_unknown(const Schema& schema, const std::string& name) {
  const std::string positive = without_no(name);
  if (answer_older_key(positive)) throw ConfigError(one_line(positive), unknown_key_message(schema, positive));
  std::vector<std::string> shorts;
  for (const auto& alias : schema.aliases()) shorts.push_back(alias.name);
  const std::string near = name.find('.') == std::string::npos ? nearest(name, shorts) : "";
  if (!near.empty()) throw ConfigError(one_line("--" + name), "unknown option; did you mean '--" + near + "'?");
  throw ConfigError(one_line(name.empty() ? "--" : name), unknown_key_message(schema, name));
}

[[noreturn]] void refuse_flag_value(const Field& field, const std::string& value) {
  const size_t leaf = field.key().rfind('.') + 1;  // npos + 1 = 0: no section
  throw ConfigError(field.key(), "is a flag and takes no value, found " + in_quotes(value) + "; write --" +
                                     field.key() + " or --" + field.key().substr(0, leaf) + "no_" +
                                     field.key().substr(leaf));
}

[[noreturn]] void refuse_word(const std::vector<Assignment>& before, const std::string& word) {
  if (before.empty()) throw ConfigError(in_quotes(word), "is no option; options are written --section.key value");
  const Field& field = *before.back().field;
  if (field.kind() == Kind::kFlag) refuse_flag_value(field, word);
  throw ConfigError(field.key(),
                    "takes one value, found another: " + in_quotes(word) +
                        (field.kind() == Kind::kTextList ? "; put commas between the items of a list" : ""));
}

class CommandLine {
 public:
  CommandLine(const Schema& schema, const std::vector<std::string>& arguments)
      : schema_(schema), arguments_(arguments) {}

  std::vector<Assignment> parse() {
    while (next_ < arguments_.size()) read_option(arguments_[next_++]);
    return std::move(found_);
  }

 private:
  void read_option(const std::string& argument) {
    if (!argument.starts_with("--")) refuse_word(found_, argument);
    const size_t equals = argument.find('=');
    std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::replace(name.begin(), name.end(), '-', '_');
    const Option option = find_option(schema_, name);
    if (!option.field) refuse_unknown(schema_, name);
    const Field& field = *option.field;
    const bool has_value = equals != std::string::npos;
    const bool is_flag = field.kind() == Kind::kFlag;
    if (is_flag && has_value) refuse_flag_value(field, argument.substr(equals + 1));
    Value value;
    if (is_flag) {
      value = !option.negated;
    } else {
      value = field.read_text(has_value ? argument.substr(equals + 1) : value_after(field));
    }
    found_.push_back({&field, std::move(value)});
  }

  const std::string& value_after(const Field& field) {
    const bool there = next_ < arguments_.size() && !arguments_[next_].starts_with("--");
    if (!there) throw ConfigError(field.key(), "expects " + field.expected() + " after it, found nothing");
    return arguments_[next_++];
  }

  const Schema& schema_;
  const std::vector<std::string>& arguments_;
  std::vector<Assignment> found_;
  size_t next_ = 0;
};

}  // namespace

std::vector<Assignment> parse_command_line(const Schema& schema, const std::vector<std::string>& arguments) {
  return CommandLine(schema, arguments).parse();
}

}  // namespace titan::config
