#include "estimator/report/json.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "estimator/report/json_archive.h"

namespace titan::estimator {
namespace {

constexpr size_t kLongestLine = 120;

/// Text from outside that is not UTF-8 is replaced, not refused.
std::string on_one_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Writes a value on one line where it is short or holds numbers only, else one member a line.
void write_pretty(const Json& value, const std::string& indent, std::string& out) {
  const bool one_line = !value.is_structured() || (value.is_array() && !value.empty() && value[0].is_number());
  if (const std::string text = on_one_line(value); one_line || text.size() + indent.size() <= kLongestLine) {
    out += text;
    return;
  }
  const std::string inner = indent + "  ";
  out += value.is_array() ? "[" : "{";
  const char* separator = "\n";
  for (const auto& [name, item] : value.items()) {
    out += separator + inner;
    if (value.is_object()) out += on_one_line(name) + ": ";
    write_pretty(item, inner, out);
    separator = ",\n";
  }
  out += "\n" + indent + (value.is_array() ? "]" : "}");
}

/// Wraps around where a file's numbers are absurd.
int64_t sum(const std::map<std::string, int64_t>& parts) {
  uint64_t total = 0;
  for (const auto& [name, bytes] : parts) total += static_cast<uint64_t>(bytes);
  return static_cast<int64_t>(total);
}

/// Checks what the fields owe each other.
void check_role(const RoleMemory& role, const std::string& path, const std::string& file) {
  if (sum(role.categories) != role.peak_allocated_bytes) {
    throw config::ConfigError(file, path + ".categories must sum to peak_allocated_bytes (" +
                                        std::to_string(role.peak_allocated_bytes) + "), found " +
                                        std::to_string(sum(role.categories)));
  }
  for (const MemorySample& sample : role.curve.samples) {
    if (sample.bytes.size() == role.curve.categories.size()) continue;
    throw config::ConfigError(file, path + ".curve.samples must hold a number for each of " +
                                        std::to_string(role.curve.categories.size()) + " categories, found " +
                                        std::to_string(sample.bytes.size()));
  }
}

void check(const Estimate& estimate, const std::string& file) {
  if (estimate.memory.empty()) throw config::ConfigError(file, "memory.ranks must hold at least one role");
  for (size_t i = 0; i < estimate.memory.size(); ++i) {
    check_role(estimate.memory[i], "memory.ranks[" + std::to_string(i) + "]", file);
  }
}

Json parse(std::string_view text, const std::string& file) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw config::ConfigError(file, "is no JSON: " + config::one_line(error.what()));
  }
}

}  // namespace

std::string to_json(const Estimate& estimate) {
  JsonWriter writer;
  fields(writer, estimate, &estimate);
  std::string text;
  write_pretty(writer.take(), "", text);
  return text + "\n";
}

Estimate from_json(std::string_view text, const std::string& file) {
  const Json json = parse(text, file);
  if (!json.is_object() || !json.contains("format")) {
    throw config::ConfigError(file, "is no estimate: expects what `titan estimate --json` writes");
  }
  Estimate estimate;
  JsonReader reader(json, file, "");
  fields(reader, estimate, &estimate);
  reader.finish();
  check(estimate, file);
  return estimate;
}

Estimate read_estimate(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (!in.is_open() || in.bad())
    throw config::ConfigError(path, "cannot be read: " + std::string(std::strerror(errno)));
  return from_json(text.str(), path);
}

}  // namespace titan::estimator
