#include "runtime/config/print_config.h"

#include <nlohmann/json.hpp>

namespace titan::config {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return std::visit(
      [](const auto& plain) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(plain)>, std::monostate>) {
          return nullptr;
        } else {
          return plain;
        }
      },
      value);
}

/// Walks down a dotted name, opening an object per part.
Json& object_at(Json& root, std::string_view name) {
  Json* here = &root;
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    here = &(*here)[std::string(name.substr(0, dot))];
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return *here;
}

std::string leaf_name(const Field& field) { return field.key().substr(field.key().rfind('.') + 1); }

}  // namespace

std::string config_json(const Schema& schema, int indent) {
  Json root = Json::object();
  for (const auto& section : schema.sections()) {
    if (section.name().empty()) continue;
    Json& object = object_at(root, section.name());
    for (const auto& field : section.fields()) object[leaf_name(field)] = json_of(field.value());
  }
  // Bytes that are not UTF-8 can come from a command line: shown as the replacement character.
  return root.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string config_toml(const Schema& schema) {
  std::string out;
  for (const auto& section : schema.sections()) {
    if (section.name().empty()) continue;
    out += (out.empty() ? "[" : "\n[") + section.name() + "]\n";
    for (const auto& field : section.fields()) {
      const Value value = field.value();
      if (value == Value() || field.rules().command_line_only) continue;
      out += leaf_name(field) + " = " + to_text(value) + "\n";
    }
  }
  return out;
}

}  // namespace titan::config
