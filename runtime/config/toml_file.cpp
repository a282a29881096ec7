#include "runtime/config/toml_file.h"

#include <toml++/toml.h>

#include <algorithm>

#include "runtime/config/config_error.h"
#include "runtime/config/older_keys.h"

namespace titan::config {
namespace {

std::string line_text(std::string_view text, size_t line) {
  for (size_t skipped = 1; skipped < line; ++skipped) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  std::string_view found = text.substr(0, text.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return std::string(found);
}

std::optional<TextList> as_list(const toml::array& array) {
  TextList list;
  for (const auto& item : array) {
    const auto* text = item.as_string();
    if (!text) return {};
    list.push_back(text->get());
  }
  return list;
}

std::optional<TextTable> as_table(const toml::array& array) {
  TextTable table;
  for (const auto& row : array) {
    auto list = row.is_array() ? as_list(*row.as_array()) : std::nullopt;
    if (!list) return {};
    table.push_back(std::move(*list));
  }
  return table;
}

/// Turns a TOML value into a field's; absent for dates and mixed arrays.
std::optional<Value> as_value(const toml::node& node) {
  if (const auto* flag = node.as_boolean()) return Value(flag->get());
  if (const auto* integer = node.as_integer()) return Value(integer->get());
  if (const auto* number = node.as_floating_point()) return Value(number->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  if (const auto* array = node.as_array()) {
    if (auto list = as_list(*array)) return Value(std::move(*list));
    if (auto table = as_table(*array)) return Value(std::move(*table));
  }
  return {};
}

const char* kind_name(const toml::node& node) {
  if (node.is_array()) return "an array of something else";
  if (node.is_table()) return "a table";
  return "a date or time";
}

class TomlLoader {
 public:
  TomlLoader(const Schema& schema, const std::string& file) : schema_(schema), file_(file) {}

  void load(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      if (const Field* field = prefix.empty() ? nullptr : schema_.find(key)) {
        set(*field, node);
      } else if (node.is_table() && schema_.is_table(key)) {
        load(*node.as_table(), key);
      } else {
        refuse(key, node);
      }
    }
  }

  std::vector<std::string> take_keys() { return std::move(keys_); }

 private:
  void set(const Field& field, const toml::node& node) {
    if (field.rules().command_line_only) fail(field.key(), "can only be given on the command line", node);
    auto value = as_value(node);
    if (!value) fail(field.key(), "expects " + field.expected() + ", found " + kind_name(node), node);
    try {
      field.assign(std::move(*value));
    } catch (const ConfigError& error) {
      fail(field.key(), error.message(), node);
    }
    keys_.push_back(field.key());
  }

  /// An unknown table is answered by its first older key, if it has one: [float8] was a section once.
  [[noreturn]] void refuse(const std::string& key, const toml::node& node) {
    if (const auto* table = node.as_table()) {
      for (const auto& [name, inner] : *table) {
        const std::string inner_key = key + "." + std::string(name.str());
        if (answer_older_key(inner_key)) fail(inner_key, unknown_key_message(schema_, inner_key), inner);
      }
      fail(key, unknown_section_message(schema_, key), node);
    }
    if (schema_.is_table(key)) fail(key, "is a section, found a value", node);
    fail(key, unknown_key_message(schema_, key), node);
  }

  [[noreturn]] void fail(const std::string& key, const std::string& message, const toml::node& node) {
    throw ConfigError(one_line(key),
                      message + " (" + one_line(file_) + ":" + std::to_string(node.source().begin.line) + ")");
  }

  const Schema& schema_;
  const std::string& file_;
  std::vector<std::string> keys_;
};

}  // namespace

std::vector<std::string> load_toml(const Schema& schema, std::string_view text, const std::string& name) {
  toml::table document;
  try {
    document = toml::parse(text, std::string_view(name));
  } catch (const toml::parse_error& error) {
    const size_t line = error.source().begin.line;
    throw ConfigError(one_line(name) + ":" + std::to_string(line),
                      one_line(error.description()) + ": " + in_quotes(line_text(text, line)));
  }
  TomlLoader loader(schema, name);
  loader.load(document, "");
  return loader.take_keys();
}

std::optional<Value> read_toml_value(std::string_view text) {
  try {
    const toml::table document = toml::parse("value = " + std::string(text));
    const toml::node* node = document.size() == 1 ? document.get("value") : nullptr;
    return node ? as_value(*node) : std::nullopt;
  } catch (const toml::parse_error&) {
    return {};  // the caller's field says what it expects instead
  }
}

}  // namespace titan::config
