#include "estimator/simulate/price.h"

#include <algorithm>

#include "estimator/cost/cluster_network_model.h"
#include "estimator/cost/gpu_cost_model.h"
#include "estimator/cost/uncertainty.h"
#include "estimator/simulate/timeline.h"

namespace titan::estimator {
namespace {

std::vector<replay::RoleTimes> replay_with(const Recording& recording, const hardware::Machine& machine,
                                           const cost::Deviations& deviations, bool keep_timeline) {
  return replay::replay(recording.world(), cost::GpuCostModel(machine, deviations),
                        cost::ClusterNetworkModel(machine, deviations), {.keep_timeline = keep_timeline});
}

double length(const replay::StepTime& step) { return step.end_s - step.begin_s; }

size_t slowest(const std::vector<replay::RoleTimes>& roles) {
  const auto later = [](const auto& a, const auto& b) { return length(a.steps.back()) < length(b.steps.back()); };
  return static_cast<size_t>(std::max_element(roles.begin(), roles.end(), later) - roles.begin());
}

TimeBreakdown to_breakdown(const replay::Breakdown& from) {
  constexpr const char* kClasses[] = {"matmul", "attention", "memory", "tiny"};
  static_assert(std::size(kClasses) == trace::kNumComputeClasses);
  TimeBreakdown to;
  for (size_t i = 0; i < from.by_class_s.size(); ++i) to.compute_s[kClasses[i]] = from.by_class_s[i];
  for (const auto& [group, seconds] : from.exposed_by_group) to.exposed_communication_s[group] += seconds;
  to.communication_s = from.communication_s;
  to.idle_s = from.idle_s;
  to.bubble_s = from.waiting_s;
  to.host_bound_s = from.host_bound_s;
  to.host_work_s = from.host_work_s;
  to.host_s = from.host_s;
  return to;
}

Coverage to_coverage(const std::array<double, replay::kNumEvidences>& seconds) {
  double total = 0.0;
  for (const double each : seconds) total += each;
  const auto share = [&](replay::Evidence evidence) {
    return total > 0 ? seconds[static_cast<size_t>(evidence)] / total : 0.0;
  };
  return {.measured = share(replay::Evidence::measured),
          .interpolated = share(replay::Evidence::interpolated),
          .model = share(replay::Evidence::model),
          .roofline = share(replay::Evidence::roofline)};
}

}  // namespace

std::vector<replay::RoleTimes> replay_roles(const Recording& recording, const hardware::Machine& machine,
                                            bool keep_timeline) {
  return replay_with(recording, machine, {}, keep_timeline);
}

PricedSteps price(const Recording& recording, const hardware::Machine& machine, const PriceOptions& options) {
  PricedSteps priced;
  priced.roles = replay_roles(recording, machine, options.keep_timeline);
  const auto& roles = priced.roles;
  priced.slowest_role = slowest(roles);
  const auto& times = roles[priced.slowest_role];
  for (const auto& step : times.steps) priced.step_times_s.push_back(length(step));
  priced.time = to_breakdown(times.steps.back().breakdown);
  priced.coverage = to_coverage(times.by_evidence_s);
  const auto step_time = [&](const cost::Deviations& deviations) {
    const auto moved = replay_with(recording, machine, deviations, false);
    return length(moved[slowest(moved)].steps.back());
  };
  const auto interval = cost::interval(cost::propagate(step_time), options.interval_level);
  priced.step_time_interval = {interval.low, interval.high};
  if (options.keep_timeline) {
    priced.timeline = step_timeline(recording.roles[priced.slowest_role].trace, times);
  }
  return priced;
}

}  // namespace titan::estimator
