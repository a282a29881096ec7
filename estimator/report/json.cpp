#include "estimator/report/json.h"

#include <cerrno>
#include <cmath>
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

int64_t sum_of(const std::map<std::string, int64_t>& parts) {
  int64_t total = 0;
  for (const auto& [name, bytes] : parts) total += bytes;
  return total;
}

// No device holds more, no step takes longer; sums and differences of such numbers stay exact.
constexpr int64_t kMostBytes = int64_t{1} << 50;
constexpr double kLongestStep = 1e6;

/// Checks what the types of the fields do not say. Paths are those of the file.
class Checker {
 public:
  explicit Checker(const std::string& file) : file_(file) {}

  void bytes(const std::string& path, int64_t value) const {
    if (value < 0 || value > kMostBytes) fail(path, "must be between 0 and 2^50 bytes, found " + std::to_string(value));
  }
  void bytes(const std::string& path, const std::map<std::string, int64_t>& parts) const {
    for (const auto& [name, value] : parts) bytes(path + "." + config::one_line(name), value);
  }
  void seconds(const std::string& path, double value) const {
    if (std::abs(value) > kLongestStep) fail(path, "must be at most 1e6 seconds");
  }
  void seconds(const std::string& path, const std::map<std::string, double>& parts) const {
    for (const auto& [name, value] : parts) seconds(path + "." + config::one_line(name), value);
  }
  void sum_to(const std::string& path, const std::string& name, const std::map<std::string, int64_t>& parts,
              const std::string& total_name, int64_t total) const {
    if (sum_of(parts) == total) return;
    fail(path + "." + name,
         "must sum to " + total_name + " (" + std::to_string(total) + "), found " + std::to_string(sum_of(parts)));
  }
  void role(const std::string& path, const RoleMemory& role) const;
  void step_times(const Estimate& estimate) const;
  void time(const TimeBreakdown& time) const;
  void all(const Estimate& estimate) const;

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& message) const {
    throw config::ConfigError(file_, path + " " + message);
  }

  const std::string& file_;
};

void Checker::role(const std::string& path, const RoleMemory& role) const {
  bytes(path + ".peak_allocated_bytes", role.peak_allocated_bytes);
  bytes(path + ".peak_reserved_bytes", role.peak_reserved_bytes);
  bytes(path + ".device_used_bytes", role.device_used_bytes);
  bytes(path + ".categories", role.categories);
  bytes(path + ".beside_allocator", role.beside_allocator);
  bytes(path + ".peak_host_bytes", role.peak_host_bytes);
  bytes(path + ".host_categories", role.host_categories);
  bytes(path + ".first_step", role.first_step);
  bytes(path + ".steady", role.steady);
  sum_to(path, "categories", role.categories, "peak_allocated_bytes", role.peak_allocated_bytes);
  sum_to(path, "host_categories", role.host_categories, "peak_host_bytes", role.peak_host_bytes);
  for (const MemorySample& sample : role.curve.samples) {
    if (sample.bytes.size() != role.curve.categories.size()) {
      fail(path + ".curve.samples", "must hold a number for each of " + std::to_string(role.curve.categories.size()) +
                                        " categories, found " + std::to_string(sample.bytes.size()));
    }
    for (const int64_t value : sample.bytes) bytes(path + ".curve.samples", value);
  }
}

void Checker::step_times(const Estimate& estimate) const {
  seconds("step_time_s", estimate.step_time_s);
  for (const double each : estimate.step_times_s) seconds("step_times_s", each);
  const bool ends_there = !estimate.step_times_s.empty() && estimate.step_times_s.back() == estimate.step_time_s;
  if (!ends_there) fail("step_times_s", "must end with step_time_s, the steady step");
}

void Checker::time(const TimeBreakdown& time) const {
  seconds("time_breakdown.compute_s", time.compute_s);
  seconds("time_breakdown.exposed_communication_s", time.exposed_communication_s);
  seconds("time_breakdown.communication_s", time.communication_s);
  seconds("time_breakdown.idle_s", time.idle_s);
  seconds("time_breakdown.bubble_s", time.bubble_s);
  seconds("time_breakdown.host_bound_s", time.host_bound_s);
  seconds("time_breakdown.host_work_s", time.host_work_s);
  seconds("time_breakdown.host_s", time.host_s);
}

void Checker::all(const Estimate& estimate) const {
  bytes("memory.capacity_bytes", estimate.subject.capacity_bytes);
  step_times(estimate);
  time(estimate.time);
  const Interval& reserved = estimate.peak_reserved_interval;
  if (reserved.low < 0.0 || reserved.high > static_cast<double>(kMostBytes)) {
    fail("interval.peak_reserved_bytes", "must be between 0 and 2^50 bytes");
  }
  if (estimate.memory.empty()) fail("memory.ranks", "must hold at least one role");
  for (size_t i = 0; i < estimate.memory.size(); ++i) {
    role("memory.ranks[" + std::to_string(i) + "]", estimate.memory[i]);
  }
  for (const Remedy& remedy : estimate.remedies) bytes("remedies", remedy.device_used_bytes);
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
  Checker(file).all(estimate);
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
