#include "estimator/simulate/memory.h"

#include <algorithm>

#include "estimator/cost/uncertainty.h"
#include "estimator/hardware/units.h"
#include "sim/profile/memory_profile.h"

namespace titan::estimator {
namespace {

// Relative standard deviation of a reserved peak from an exact order of allocations through an exact allocator. What
// remains are kernels' workspaces and library versions; simulators that count tensors claim 1 % of allocated memory and
// aim at 3 % of reserved (SimuMax, TorchSim).
constexpr double kReservedDeviation = 0.02;

constexpr uint64_t kWithoutEnd = uint64_t{1} << 46;

int64_t num_communicators(const trace::Trace& trace) {
  return std::count_if(trace.groups.begin(), trace.groups.end(),
                       [](const trace::Group& group) { return group.ranks.size() > 1; });
}

int64_t sum(const std::map<std::string, int64_t>& parts) {
  int64_t total = 0;
  for (const auto& [name, part] : parts) total += part;
  return total;
}

std::map<std::string, int64_t> named(const trace::Trace& trace, const std::vector<uint64_t>& by_category) {
  std::map<std::string, int64_t> categories;
  for (size_t i = 0; i < by_category.size(); ++i) {
    if (by_category[i] > 0) categories[trace.categories[i]] += static_cast<int64_t>(by_category[i]);
  }
  return categories;
}

std::map<std::string, int64_t> peaks(const profile::MemorySpan& span) {
  return {{"peak_allocated", static_cast<int64_t>(span.peak.allocated_bytes)},
          {"peak_reserved", static_cast<int64_t>(span.peak_reserved_bytes)},
          {"requested", static_cast<int64_t>(span.peak_requested_bytes)}};
}

void fill(RoleMemory& memory, const trace::Trace& trace, const profile::MemoryProfile& found) {
  memory.peak_allocated_bytes = static_cast<int64_t>(found.whole.peak.allocated_bytes);
  memory.peak_reserved_bytes = static_cast<int64_t>(found.whole.peak_reserved_bytes);
  memory.categories = named(trace, found.whole.peak.by_category);
  memory.peak_host_bytes = static_cast<int64_t>(found.whole.host.bytes);
  memory.host_categories = named(trace, found.whole.host.by_category);
  memory.peak_where = found.whole.scope;
  memory.first_step = peaks(found.steps.front());
  memory.steady = peaks(found.steps.back());
}

memory::AllocatorOptions allocator_options(const hardware::Machine& machine, uint64_t capacity, int64_t other) {
  memory::AllocatorOptions options;
  options.capacity_bytes = capacity;
  options.other_bytes = static_cast<uint64_t>(other);
  options.expandable_segments = machine.software.memory.segments == "expandable";
  return options;
}

/// For every node how far the device has come: the begin of the last work that was issued by then. The allocator acts
/// when the host issues, seconds ahead of the work that memory is for.
std::vector<double> progress(const trace::Trace& trace, const replay::RoleTimes& times) {
  std::vector<double> reached_s(trace.nodes.size());
  double latest_s = 0.0;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].kind == trace::NodeKind::op) latest_s = std::max(latest_s, times.timeline[i].start_s);
    reached_s[i] = latest_s;
  }
  return reached_s;
}

}  // namespace

RoleMemory measure_memory(const RecordedRole& role, const hardware::Machine& machine) {
  RoleMemory memory{
      .pp_rank = role.pp_rank, .cp_rank = role.cp_rank, .ep_rank = role.ep_rank, .multiplicity = role.multiplicity};
  memory.beside_allocator = hardware::bytes_beside_allocator(machine, num_communicators(role.trace));
  const int64_t beside = sum(memory.beside_allocator);
  const auto capacity = static_cast<uint64_t>(machine.gpu.memory_gib * hardware::kGibi);
  fill(memory, role.trace, profile::profile_memory(role.trace, allocator_options(machine, kWithoutEnd, 0)));
  if (static_cast<uint64_t>(memory.peak_reserved_bytes + beside) > capacity) {
    const auto found = profile::profile_memory(role.trace, allocator_options(machine, capacity, beside));
    if (found.shortage) {
      memory.out_of_memory = {.where = found.shortage->scope, .message = memory::to_text(found.shortage->facts)};
    } else {
      fill(memory, role.trace, found);
    }
  }
  memory.device_used_bytes = memory.peak_reserved_bytes + beside;
  return memory;
}

MemoryCurve memory_curve(const RecordedRole& role, const hardware::Machine& machine, const replay::RoleTimes& times) {
  const auto found =
      profile::profile_memory(role.trace, allocator_options(machine, kWithoutEnd, 0), {.keep_curve = true});
  const auto reached_s = progress(role.trace, times);
  const auto& step = times.steps.back();
  MemoryCurve curve{.categories = role.trace.categories, .samples = {}};
  for (const auto& point : found.curve) {
    const double time_s = reached_s[point.node] - step.begin_s;
    if (time_s < 0) continue;
    curve.samples.push_back(
        {.time_s = time_s, .bytes = std::vector<int64_t>(point.by_category.begin(), point.by_category.end())});
  }
  return curve;
}

Interval reserved_interval(const RoleMemory& role, double level) {
  const double half = cost::normal_quantile(0.5 + level / 2) * kReservedDeviation;
  const auto peak = static_cast<double>(role.peak_reserved_bytes);
  return {peak * (1 - half), peak * (1 + half)};
}

}  // namespace titan::estimator
