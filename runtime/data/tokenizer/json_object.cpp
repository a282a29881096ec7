#include "runtime/data/tokenizer/json_object.h"

#include <fstream>
#include <sstream>
#include <unordered_set>
#include <vector>

#include "runtime/data/tokenizer/file_error.h"
#include "runtime/data/tokenizer/utf8.h"

namespace titan::tokenizer {

Json read_json_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw file_error(path, "cannot be opened");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), path);
}

Json parse_json(const std::string& text, const std::string& where) {
  std::vector<std::unordered_set<std::string>> open_objects;
  const auto refuse_repeated_members = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(value.get<std::string>()).second) {
      throw file_error(where, "member '" + value.get<std::string>() + "' occurs twice");
    }
    return true;
  };
  try {
    return Json::parse(text, refuse_repeated_members);
  } catch (const Json::exception& error) {
    throw file_error(where, std::string("not valid JSON: ") + error.what());
  }
}

JsonObject::JsonObject(const Json& value, std::string where, std::string path)
    : value_(value), where_(std::move(where)), path_(std::move(path)) {
  if (!value_.is_object()) {
    const std::string name = path_.empty() ? "the file" : path_;
    throw file_error(where_, name + " must be a JSON object, found " + value_.type_name());
  }
}

std::string JsonObject::place(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

void JsonObject::fail(const std::string& message) const {
  throw file_error(where_, path_.empty() ? message : path_ + ": " + message);
}

bool JsonObject::has(const std::string& key) const { return value_.contains(key); }

const Json& JsonObject::get(const std::string& key) {
  asked_.insert(key);
  const auto member = value_.find(key);
  if (member == value_.end()) fail("'" + key + "' is missing");
  return *member;
}

const Json* JsonObject::find(const std::string& key) {
  asked_.insert(key);
  const auto member = value_.find(key);
  return member == value_.end() || member->is_null() ? nullptr : &*member;
}

std::string JsonObject::get_string(const std::string& key) {
  const Json& member = get(key);
  if (!member.is_string()) fail("'" + key + "' must be a string, found " + member.type_name());
  return member.get<std::string>();
}

std::optional<std::string> JsonObject::find_string(const std::string& key) {
  if (!find(key)) return std::nullopt;
  return get_string(key);
}

bool JsonObject::find_bool(const std::string& key, bool otherwise) {
  const Json* member = find(key);
  if (!member) return otherwise;
  if (!member->is_boolean()) fail("'" + key + "' must be true or false, found " + member->type_name());
  return member->get<bool>();
}

int64_t JsonObject::get_integer(const std::string& key, int64_t lowest, int64_t highest) {
  const Json& member = get(key);
  const bool fits = member.is_number_integer() &&
                    !(member.is_number_unsigned() && member.get<uint64_t>() > INT64_MAX) &&
                    member.get<int64_t>() >= lowest && member.get<int64_t>() <= highest;
  if (!fits) {
    fail("'" + key + "' must be an integer from " + std::to_string(lowest) + " to " + std::to_string(highest) +
         ", found " + member.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80));
  }
  return member.get<int64_t>();
}

JsonObject JsonObject::get_object(const std::string& key) { return JsonObject(get(key), where_, place(key)); }

const Json& JsonObject::get_array(const std::string& key) {
  const Json& member = get(key);
  if (!member.is_array()) fail("'" + key + "' must be an array, found " + member.type_name());
  return member;
}

JsonObject JsonObject::element(const Json& value, const std::string& key, size_t index) const {
  return JsonObject(value, where_, place(key) + "[" + std::to_string(index) + "]");
}

std::string JsonObject::get_char(const std::string& key) {
  std::string text = get_string(key);
  size_t pos = 0;
  if (!text.empty()) next_char(text, pos);
  if (text.empty() || pos != text.size()) fail("'" + key + "' must be one character, found '" + text + "'");
  return text;
}

void JsonObject::finish() const {
  for (const auto& [key, member] : value_.items()) {
    if (!asked_.contains(key)) fail("'" + key + "' is not supported");
  }
}

}  // namespace titan::tokenizer
