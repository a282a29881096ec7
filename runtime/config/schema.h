#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/field.h"

namespace titan::config {

/// Keys that share a TOML table (a dotted name nests: "quantize.linear.float8"). The section named "" holds options of
/// the command line only: they have no table, no place in the printed configuration, and are written --name.
class Section {
 public:
  Section(std::string name, std::string meaning) : name_(std::move(name)), meaning_(std::move(meaning)) {}

  /// Binds a key to `target`, which must outlive the schema; what it holds now is the default.
  template <class T>
  Section& field(const char* name, T& target, const char* meaning, Rules rules = {}) {
    return add(name, &target, meaning, std::move(rules));
  }

  const std::string& name() const { return name_; }
  const std::string& meaning() const { return meaning_; }
  const std::vector<Field>& fields() const { return fields_; }

 private:
  Section& add(const char* name, Target target, const char* meaning, Rules rules);

  std::string name_;
  std::string meaning_;
  std::vector<Field> fields_;
};

/// A short command-line name of a key: --hardware for hardware.gpu.
struct Alias {
  std::string name;
  std::string key;
};

/// Every key that a program accepts, bound to live variables. Loading, checking, --help and printing all come from
/// here. A directory declares its own sections in a function `declare(Schema&, ItsOptions&)`; the program calls those
/// it needs.
class Schema {
 public:
  /// Opens the section `name`, or continues it: another directory may add keys to a table.
  Section& section(std::string_view name, std::string_view meaning = "");
  /// Lets the command line say --name for `key`.
  void alias(std::string name, std::string key) { aliases_.push_back({std::move(name), std::move(key)}); }

  /// Looks a dotted key up; null where there is none. The pointer holds until a key is added.
  const Field* find(std::string_view key) const;
  /// Says whether `name` is a section or the beginning of one ("quantize").
  bool is_table(std::string_view name) const;

  const std::deque<Section>& sections() const { return sections_; }
  const std::vector<Alias>& aliases() const { return aliases_; }

 private:
  std::deque<Section> sections_;  // a deque: references that section() gave out stay valid
  std::vector<Alias> aliases_;
};

/// Says what is wrong with a key that the schema lacks, after the colon: its successor where it is an older
/// name, else the nearest valid name or what its section holds.
std::string unknown_key_message(const Schema& schema, std::string_view key);

/// The same for a table that is no section.
std::string unknown_section_message(const Schema& schema, std::string_view name);

}  // namespace titan::config
