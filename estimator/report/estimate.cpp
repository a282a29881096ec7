#include "estimator/report/estimate.h"

#include <algorithm>
#include <tuple>

#include "runtime/config/check.h"

namespace titan::estimator {
namespace {

template <class Map>
double sum(const Map& parts) {
  double total = 0.0;
  for (const auto& [name, value] : parts) total += value;
  return total;
}

}  // namespace

std::string Subject::degrees_text() const {
  std::string text;
  for (const char* name : {"dp_replicate", "dp_shard", "cp", "tp", "pp", "ep"}) {
    const auto degree = degrees.find(name);
    if (degree == degrees.end() || degree->second == 1) continue;
    text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(degree->second);
  }
  return text;
}

double TimeBreakdown::total_compute_s() const { return sum(compute_s); }

double TimeBreakdown::total_exposed_s() const { return sum(exposed_communication_s); }

double other_idle_s(const TimeBreakdown& time) {
  return std::max(0.0, time.idle_s - time.bubble_s - time.host_bound_s - time.host_work_s);
}

const RoleMemory& fullest(const Estimate& estimate) {
  config::check(!estimate.memory.empty(), "fullest: an estimate must have a role");
  const auto fullness = [](const RoleMemory& role) {
    return std::make_tuple(role.out_of_memory.has_value(), role.device_used_bytes, role.peak_reserved_bytes);
  };
  return *std::max_element(estimate.memory.begin(), estimate.memory.end(),
                           [&](const RoleMemory& a, const RoleMemory& b) { return fullness(a) < fullness(b); });
}

bool may_not_fit(const Estimate& estimate) {
  const RoleMemory& role = fullest(estimate);
  const auto beside = static_cast<double>(role.device_used_bytes - role.peak_reserved_bytes);
  return estimate.fits &&
         estimate.peak_reserved_interval.high + beside > static_cast<double>(estimate.subject.capacity_bytes);
}

std::string role_name(const Estimate& estimate, const RoleMemory& role) {
  std::string name;
  const auto add = [&](const char* axis, int RoleMemory::*rank) {
    const auto differs = [&](const RoleMemory& other) { return other.*rank != role.*rank; };
    if (std::none_of(estimate.memory.begin(), estimate.memory.end(), differs)) return;
    name += (name.empty() ? "" : " ") + std::string(axis) + " " + std::to_string(role.*rank);
  };
  add("pp", &RoleMemory::pp_rank);
  add("cp", &RoleMemory::cp_rank);
  add("ep", &RoleMemory::ep_rank);
  return name.empty() ? "all ranks" : name;
}

}  // namespace titan::estimator
