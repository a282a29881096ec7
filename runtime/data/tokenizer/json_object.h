#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

namespace titan::tokenizer {

using Json = nlohmann::json;

/// How deep a component may nest in Sequence components.
inline constexpr int kMaxSequenceDepth = 16;

/// Parses JSON; throws ConfigError(`where`, …) when the text is not JSON or names a member of an object twice.
Json parse_json(const std::string& text, const std::string& where);

/// Reads a JSON file; throws ConfigError(file, …) also when it cannot be opened.
Json read_json_file(const std::string& path);

/// A JSON object whose members are asked for by name and type. Every complaint is a ConfigError naming the file and the
/// member, and `finish` refuses what nobody asked for, so nothing in a file is ignored by accident.
class JsonObject {
 public:
  /// `where` is the file; `path` the place in it, "" at the top.
  JsonObject(const Json& value, std::string where, std::string path);

  bool has(const std::string& key) const;
  const Json& get(const std::string& key);
  /// The member if it is there and not null.
  const Json* find(const std::string& key);
  std::string get_string(const std::string& key);
  std::optional<std::string> find_string(const std::string& key);
  bool find_bool(const std::string& key, bool otherwise);
  int64_t get_integer(const std::string& key, int64_t lowest, int64_t highest);
  JsonObject get_object(const std::string& key);
  const Json& get_array(const std::string& key);
  JsonObject element(const Json& value, const std::string& key, size_t index) const;
  /// Exactly one character, as text.
  std::string get_char(const std::string& key);

  /// Marks a member as known whatever it holds: for what has no influence on ids or text.
  void allow(const std::string& key) { asked_.insert(key); }
  /// Throws when the object has a member that was not asked for.
  void finish() const;
  /// Throws ConfigError with the message put behind the place of this object.
  [[noreturn]] void fail(const std::string& message) const;

  const std::string& where() const { return where_; }
  /// "pre_tokenizer.pretokenizers[0].pattern" for messages.
  std::string place(const std::string& key) const;

 private:
  const Json& value_;
  std::string where_;
  std::string path_;
  std::set<std::string> asked_;
};

}  // namespace titan::tokenizer
