#include "tests/estimator/report/json_schema.h"

#include <set>
#include <stdexcept>

namespace titan::estimator {
namespace {

using nlohmann::json;
using Breaks = std::vector<std::string>;

void add(Breaks& breaks, const Breaks& more) { breaks.insert(breaks.end(), more.begin(), more.end()); }

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  throw std::invalid_argument("unknown type in schema: " + type);
}

void check_keywords(const json& schema) {
  static const std::set<std::string> kKnown = {
      "$schema", "title",    "description", "type",    "properties", "required", "additionalProperties",
      "items",   "minItems", "maxItems",    "minimum", "maximum",    "const",    "anyOf"};
  for (const auto& [name, ignored] : schema.items()) {
    if (!kKnown.count(name)) throw std::invalid_argument("unknown keyword in schema: " + name);
  }
}

Breaks object_breaks(const json& schema, const json& value, const std::string& path) {
  Breaks breaks;
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name)) breaks.push_back(path + "." + name.get<std::string>() + ": missing");
  }
  const json properties = schema.value("properties", json::object());
  const json others = schema.value("additionalProperties", json(true));
  for (const auto& [name, member] : value.items()) {
    const std::string inner = path + "." + name;
    if (properties.contains(name)) {
      add(breaks, schema_breaks(properties[name], member, inner));
    } else if (others.is_object()) {
      add(breaks, schema_breaks(others, member, inner));
    } else if (!others.get<bool>()) {
      breaks.push_back(inner + ": not in the schema");
    }
  }
  return breaks;
}

Breaks array_breaks(const json& schema, const json& value, const std::string& path) {
  Breaks breaks;
  if (value.size() < schema.value("minItems", size_t{0})) breaks.push_back(path + ": too few items");
  if (value.size() > schema.value("maxItems", SIZE_MAX)) breaks.push_back(path + ": too many items");
  for (size_t i = 0; i < value.size() && schema.contains("items"); ++i) {
    add(breaks, schema_breaks(schema["items"], value[i], path + "[" + std::to_string(i) + "]"));
  }
  return breaks;
}

bool matches_any(const json& schemas, const json& value) {
  for (const json& schema : schemas) {
    if (schema_breaks(schema, value).empty()) return true;
  }
  return false;
}

}  // namespace

Breaks schema_breaks(const json& schema, const json& value, const std::string& path) {
  check_keywords(schema);
  Breaks breaks;
  if (schema.contains("type") && !has_type(value, schema["type"]))
    return {path + ": not of type " + schema["type"].dump()};
  if (schema.contains("const") && value != schema["const"]) breaks.push_back(path + ": not " + schema["const"].dump());
  if (schema.contains("anyOf") && !matches_any(schema["anyOf"], value)) breaks.push_back(path + ": none of anyOf");
  if (value.is_number()) {
    if (schema.contains("minimum") && value < schema["minimum"]) breaks.push_back(path + ": below minimum");
    if (schema.contains("maximum") && value > schema["maximum"]) breaks.push_back(path + ": above maximum");
  }
  if (value.is_object()) add(breaks, object_breaks(schema, value, path));
  if (value.is_array()) add(breaks, array_breaks(schema, value, path));
  return breaks;
}

}  // namespace titan::estimator
