#include "estimator/report/diff.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/config/check.h"

namespace titan::estimator {
namespace {

constexpr double kPicoseconds = 1e12;
constexpr double kLongest = 1e6;  // seconds: a step's picoseconds fit 64 bits with room for sums

int64_t picoseconds(double seconds) {
  config::check(std::abs(seconds) <= kLongest, "diff: a time must be at most 1e6 seconds: time=", seconds);
  return std::llround(seconds * kPicoseconds);
}

/// Named amounts in order of first mention.
using Amounts = std::vector<std::pair<std::string, int64_t>>;

void append(Amounts& amounts, const std::map<std::string, double>& parts, const std::string& prefix) {
  for (const auto& [name, seconds] : parts) amounts.emplace_back(prefix + name, picoseconds(seconds));
}

int64_t total(const Amounts& amounts) {
  int64_t sum = 0;
  for (const auto& [name, amount] : amounts) sum += amount;
  return sum;
}

Amounts time_amounts(const Estimate& estimate) {
  const TimeBreakdown& time = estimate.time;
  Amounts amounts;
  append(amounts, time.compute_s, "");
  append(amounts, time.exposed_communication_s, "exposed ");
  amounts.emplace_back("pipeline bubble", picoseconds(time.bubble_s));
  amounts.emplace_back("waiting for the host", picoseconds(time.host_bound_s));
  amounts.emplace_back("the host computes", picoseconds(time.host_work_s));
  amounts.emplace_back("idle otherwise",
                       picoseconds(time.idle_s - time.bubble_s - time.host_bound_s - time.host_work_s));
  amounts.emplace_back("unattributed", picoseconds(estimate.step_time_s) - total(amounts));
  return amounts;
}

Amounts memory_amounts(const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  Amounts amounts(role.categories.begin(), role.categories.end());
  amounts.emplace_back("unattributed", role.peak_allocated_bytes - total(amounts));
  amounts.emplace_back("reserved, not allocated", role.peak_reserved_bytes - role.peak_allocated_bytes);
  for (const auto& [name, bytes] : role.beside_allocator) amounts.emplace_back("beside: " + name, bytes);
  amounts.emplace_back("beside: other", role.device_used_bytes - total(amounts));
  return amounts;
}

/// Puts two lists side by side; parts that are zero in both are dropped.
Waterfall waterfall(const Amounts& from, const Amounts& to) {
  Waterfall result{.from = total(from), .to = total(to), .parts = {}};
  const auto add = [&](const Amounts& amounts, int64_t Part::*side) {
    for (const auto& [name, amount] : amounts) {
      auto part = std::find_if(result.parts.begin(), result.parts.end(),
                               [&, wanted = &name](const Part& known) { return known.name == *wanted; });
      if (part == result.parts.end()) part = result.parts.insert(part, Part{.name = name});
      (*part).*side += amount;
    }
  };
  add(from, &Part::from);
  add(to, &Part::to);
  std::erase_if(result.parts, [](const Part& part) { return part.from == 0 && part.to == 0; });
  return result;
}

/// What identifies a prediction, as settings.
std::map<std::string, std::string> identity(const Subject& subject) {
  return {{"config", subject.config},     {"model", subject.model},
          {"hardware", subject.hardware}, {"cluster", subject.cluster},
          {"software", subject.software}, {"world size", std::to_string(subject.world_size)}};
}

void add_changes(std::vector<ChangedSetting>& changes, const std::map<std::string, std::string>& from,
                 const std::map<std::string, std::string>& to) {
  const auto value = [](const std::map<std::string, std::string>& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string("default") : found->second;
  };
  std::map<std::string, std::string> keys = from;
  keys.insert(to.begin(), to.end());
  for (const auto& [key, ignored] : keys) {
    if (value(from, key) != value(to, key)) changes.push_back({key, value(from, key), value(to, key)});
  }
}

double relative(double from, double to) { return from == 0.0 ? (to == 0.0 ? 0.0 : 1.0) : std::abs(to / from - 1.0); }

}  // namespace

Waterfall time_waterfall(const Estimate& from, const Estimate& to) {
  return waterfall(time_amounts(from), time_amounts(to));
}

Waterfall memory_waterfall(const Estimate& from, const Estimate& to) {
  return waterfall(memory_amounts(from), memory_amounts(to));
}

std::vector<ChangedSetting> changed_settings(const Estimate& from, const Estimate& to) {
  std::vector<ChangedSetting> changes;
  add_changes(changes, identity(from.subject), identity(to.subject));
  add_changes(changes, from.subject.keys, to.subject.keys);
  return changes;
}

Diff diff(Estimate from, Estimate to) {
  Diff result{
      .time = time_waterfall(from, to), .memory = memory_waterfall(from, to), .settings = changed_settings(from, to)};
  result.from = std::move(from);
  result.to = std::move(to);
  return result;
}

bool same_within(const Diff& diff, double tolerance) {
  return diff.from.fits == diff.to.fits &&
         relative(diff.from.tokens_per_second_per_gpu, diff.to.tokens_per_second_per_gpu) <= tolerance &&
         relative(static_cast<double>(diff.memory.from), static_cast<double>(diff.memory.to)) <= tolerance;
}

}  // namespace titan::estimator
