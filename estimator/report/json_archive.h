#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "estimator/report/json_fields.h"
#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/value.h"

namespace titan::estimator {

using Json = nlohmann::ordered_json;

/// Builds one JSON object from the fields it is told.
class JsonWriter {
 public:
  template <class T>
  void constant(const char* name, const T& value) {
    object_[name] = value;
  }
  template <class T>
  void field(const char* name, const T& value) {
    object_[name] = write(name, value);
  }
  template <class Function>
  void group(const char* name, Function function) {
    JsonWriter inner;
    function(inner);
    object_[name] = inner.object_;
  }
  Json take() { return std::move(object_); }

 private:
  static Json write(const char*, const std::string& value) { return value; }
  static Json write(const char*, bool value) { return value; }
  static Json write(const char*, int value) { return value; }
  static Json write(const char*, int64_t value) { return value; }
  static Json write(const char* name, double value) {
    config::check(std::isfinite(value), "to_json: every number must be finite: ", name, "=", value);
    return value;
  }
  static Json write(const char* name, const Interval& value) {
    return Json::array({write(name, value.low), write(name, value.high)});
  }
  template <class T>
  static Json write(const char* name, const std::optional<T>& value) {
    return value ? write(name, *value) : Json(nullptr);
  }
  template <class T>
  static Json write(const char* name, const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(write(name, value));
    return array;
  }
  template <class T>
  static Json write(const char*, const std::map<std::string, T>& values) {
    Json object = Json::object();
    for (const auto& [key, value] : values) object[key] = write(key.c_str(), value);
    return object;
  }
  template <class T>
  static Json write(const char*, const T& value) {
    JsonWriter inner;
    fields(inner, value, &value);
    return inner.take();
  }

  Json object_ = Json::object();
};

/// Fills members from one JSON object. Throws ConfigError naming the file and the field's path.
class JsonReader {
 public:
  JsonReader(const Json& object, std::string file, std::string path)
      : object_(object), file_(std::move(file)), path_(std::move(path)) {
    if (!object_.is_object()) fail(path_, "an object");
  }

  template <class T>
  void constant(const char* name, const T& value) {
    const Json& found = get(name);
    if (found != Json(value)) fail(inside(name), Json(value).dump(), found);
  }
  template <class T>
  void field(const char* name, T& value) {
    read(get(name), inside(name), value);
  }
  template <class Function>
  void group(const char* name, Function function) {
    JsonReader inner(get(name), file_, inside(name));
    function(inner);
    inner.finish();
  }
  /// Refuses fields that nobody asked for.
  void finish() const {
    for (const auto& [name, value] : object_.items()) {
      if (!known_.count(name)) throw config::ConfigError(file_, inside(name) + " is no field of an estimate");
    }
  }

 private:
  std::string inside(const std::string& name) const {
    return path_.empty() ? config::one_line(name) : path_ + "." + config::one_line(name);
  }
  const Json& get(const char* name) {
    known_.insert(name);
    const auto found = object_.find(name);
    if (found == object_.end()) throw config::ConfigError(file_, inside(name) + " is missing");
    return *found;
  }
  [[noreturn]] void fail(const std::string& path, const std::string& expected, const Json& found) const {
    throw config::ConfigError(file_, path + " must be " + expected + ", found " + shown(found));
  }
  [[noreturn]] void fail(const std::string& path, const std::string& expected) const {
    throw config::ConfigError(file_, (path.empty() ? "" : path + " ") + "must be " + expected);
  }
  static std::string shown(const Json& value) {
    if (value.is_structured()) return value.is_array() ? "an array" : "an object";
    return config::found_text(value.is_string() ? value.get<std::string>()
                                                : value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  void read(const Json& from, const std::string& path, std::string& value) const {
    if (!from.is_string()) fail(path, "a text", from);
    value = from.get<std::string>();
  }
  void read(const Json& from, const std::string& path, bool& value) const {
    if (!from.is_boolean()) fail(path, "true or false", from);
    value = from.get<bool>();
  }
  void read(const Json& from, const std::string& path, int64_t& value) const {
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    const bool fits = from.is_number_integer() && !(from.is_number_unsigned() && from.get<uint64_t>() > kLargest);
    if (!fits) fail(path, "a whole number", from);
    value = from.get<int64_t>();
  }
  void read(const Json& from, const std::string& path, int& value) const {
    int64_t wide = 0;
    read(from, path, wide);
    if (wide < 0 || wide > std::numeric_limits<int>::max()) fail(path, "a rank", from);
    value = static_cast<int>(wide);
  }
  void read(const Json& from, const std::string& path, double& value) const {
    if (!from.is_number()) fail(path, "a number", from);
    value = from.get<double>();
  }
  void read(const Json& from, const std::string& path, Interval& value) const {
    if (!from.is_array() || from.size() != 2) fail(path, "[low, high]", from);
    read(from[0], path + "[0]", value.low);
    read(from[1], path + "[1]", value.high);
    if (value.low > value.high) fail(path, "[low, high] with low at most high");
  }
  template <class T>
  void read(const Json& from, const std::string& path, std::optional<T>& value) const {
    value.reset();
    if (!from.is_null()) read(from, path, value.emplace());
  }
  template <class T>
  void read(const Json& from, const std::string& path, std::vector<T>& values) const {
    if (!from.is_array()) fail(path, "an array", from);
    values.clear();
    for (const Json& item : from) {
      const std::string inner = path + "[" + std::to_string(values.size()) + "]";
      read(item, inner, values.emplace_back());
    }
  }
  template <class T>
  void read(const Json& from, const std::string& path, std::map<std::string, T>& values) const {
    if (!from.is_object()) fail(path, "an object", from);
    values.clear();
    for (const auto& [name, item] : from.items()) read(item, path + "." + config::one_line(name), values[name]);
  }
  template <class T>
  void read(const Json& from, const std::string& path, T& value) const {
    JsonReader inner(from, file_, path);
    fields(inner, value, &value);
    inner.finish();
  }

  const Json& object_;
  std::string file_;
  std::string path_;
  std::set<std::string> known_;
};

}  // namespace titan::estimator
