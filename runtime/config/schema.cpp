#include "runtime/config/schema.h"

#include "runtime/config/nearest.h"
#include "runtime/config/older_keys.h"

namespace titan::config {
namespace {

std::string_view leaf_of(std::string_view key) { return key.substr(key.rfind('.') + 1); }

std::string_view section_of(std::string_view key) {
  const size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

const Section* find_section(const Schema& schema, std::string_view name) {
  for (const auto& section : schema.sections()) {
    if (section.name() == name) return &section;
  }
  return nullptr;
}

std::vector<std::string> keys_of(const Section& section) {
  std::vector<std::string> keys;
  for (const auto& field : section.fields()) keys.push_back(field.key());
  return keys;
}

std::vector<std::string> all_keys(const Schema& schema) {
  std::vector<std::string> keys;
  for (const auto& section : schema.sections()) {
    for (const auto& field : section.fields()) keys.push_back(field.key());
  }
  return keys;
}

/// Keeps the keys that have this name, in whatever section.
std::vector<std::string> keys_named(const std::vector<std::string>& keys, std::string_view leaf) {
  std::vector<std::string> found;
  for (const auto& key : keys) {
    if (leaf_of(key) == leaf) found.push_back(key);
  }
  return found;
}

std::string nearest_in_section(const Schema& schema, std::string_view key) {
  const Section* section = find_section(schema, section_of(key));
  if (!section) return {};
  std::vector<std::string> names;
  for (const auto& field : section->fields()) names.emplace_back(leaf_of(field.key()));
  const std::string name = nearest(leaf_of(key), names);
  return name.empty() || section->name().empty() ? name : section->name() + "." + name;
}

/// Finds the key meant: the same name in the only other section that has it, a near one of the same section, the same
/// name in the nearest or first of several sections, a near one anywhere.
std::string key_meant(const Schema& schema, std::string_view key) {
  const std::vector<std::string> keys = all_keys(schema);
  const std::vector<std::string> moved = keys_named(keys, leaf_of(key));
  if (moved.size() == 1) return moved.front();
  if (const std::string near = nearest_in_section(schema, key); !near.empty()) return near;
  if (const std::string near = nearest(key, moved); !near.empty()) return near;
  return moved.empty() ? nearest(key, keys) : moved.front();
}

std::vector<std::string> section_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const auto& section : schema.sections()) {
    if (!section.name().empty()) names.push_back(section.name());
  }
  return names;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string what_is_there(const Schema& schema, std::string_view key) {
  const Section* section = find_section(schema, section_of(key));
  if (!section || section->name().empty()) return "; sections: " + list_of(section_names(schema));
  return "; [" + section->name() + "] has " + list_of(keys_of(*section));
}

}  // namespace

Section& Section::add(const char* name, Target target, const char* meaning, Rules rules) {
  fields_.emplace_back(name_.empty() ? name : name_ + "." + name, target, meaning, std::move(rules));
  return *this;
}

Section& Schema::section(std::string_view name, std::string_view meaning) {
  for (auto& section : sections_) {
    if (section.name() == name) return section;
  }
  return sections_.emplace_back(std::string(name), std::string(meaning));
}

const Field* Schema::find(std::string_view key) const {
  const std::string_view table = section_of(key);
  for (const auto& section : sections_) {
    if (section.name() != table) continue;
    for (const auto& field : section.fields()) {
      if (field.key() == key) return &field;
    }
  }
  return nullptr;
}

bool Schema::is_table(std::string_view name) const {
  if (name.empty()) return false;
  for (const auto& section : sections_) {
    const std::string& full = section.name();
    if (full == name || (full.size() > name.size() && full.starts_with(name) && full[name.size()] == '.')) return true;
  }
  return false;
}

std::string unknown_key_message(const Schema& schema, std::string_view key) {
  if (const auto answer = answer_older_key(key)) return *answer;
  const std::string meant = key_meant(schema, key);
  return "unknown key" + (meant.empty() ? what_is_there(schema, key) : "; did you mean '" + meant + "'?");
}

std::string unknown_section_message(const Schema& schema, std::string_view name) {
  const std::vector<std::string> names = section_names(schema);
  const std::string meant = nearest(name, names);
  if (!meant.empty()) return "unknown section; did you mean [" + meant + "]?";
  return "unknown section; sections: " + list_of(names);
}

}  // namespace titan::config
