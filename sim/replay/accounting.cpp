#include "sim/replay/accounting.h"

#include <algorithm>
#include <utility>

#include "runtime/config/check.h"

namespace titan::replay {

Accounting::Accounting(const trace::Trace& trace, const std::vector<size_t>& work_of_step)
    : trace_(trace), work_left_(work_of_step) {
  work_left_[0] = SIZE_MAX;  // what lies outside of all steps closes none
  for (const trace::Group& group : trace.groups) {
    const auto found = std::find(group_names_.begin(), group_names_.end(), group.name);
    name_of_group_.push_back(static_cast<uint32_t>(found - group_names_.begin()));
    if (found == group_names_.end()) group_names_.push_back(group.name);
  }
  group_names_.emplace_back(kHostLink);
  exposed_by_name_.resize(group_names_.size());
}

void Accounting::pass_until(Picoseconds time, Picoseconds arrival) {
  if (time < now_) [[unlikely]]
    config::check(false, "replay: internal: time must not run backwards: from ", now_, " to ", time, " ps");
  const Picoseconds from = std::max(now_, begin_);
  now_ = time;
  if (time <= from) return;
  const Picoseconds passed = time - from;
  if (communicating_ || copying_) parts_.communication += passed;
  if (computing_) {
    parts_.by_class[static_cast<size_t>(class_of_[first_stream(computing_)])] += passed;
  } else if (communicating_) {
    parts_.exposed += passed;
    exposed_by_name_[name_of_group_[group_of_[first_stream(communicating_)]]] += passed;
  } else if (copying_) {
    parts_.exposed += passed;
    exposed_by_name_.back() += passed;
  } else {
    pass_idle(from, time, arrival);
  }
}

void Accounting::pass_idle(Picoseconds from, Picoseconds time, Picoseconds arrival) {
  const Picoseconds passed = time - from;
  parts_.idle += passed;
  if (host_working_) {
    parts_.host_work += passed;
    return;
  }
  const Picoseconds waiting = time - std::clamp(arrival, from, time);
  parts_.waiting += waiting;
  parts_.host_bound += passed - waiting;
}

void Accounting::open_step(uint32_t name, Picoseconds host_time) {
  if (steps_.empty()) begin_ = host_time;
  steps_.push_back({.name = name, .has_work = work_left_[steps_.size() + 1] > 0});
}

// Steps end in order: one whose work is done before that of an earlier one ends with it.
void Accounting::close_steps() {
  while (done_.size() < steps_.size() && work_left_[done_.size() + 1] == 0) {
    const Step& step = steps_[done_.size()];
    const Picoseconds end = step.has_work ? std::max(now_, begin_) : begin_;
    done_.push_back({trace_.names[step.name], seconds(begin_), seconds(end), {}});
    if (step.has_work) done_.back().breakdown = take_parts();
    begin_ = end;
  }
}

Breakdown Accounting::take_parts() {
  const Parts parts = std::exchange(parts_, {});
  Breakdown found;
  for (size_t i = 0; i < parts.by_class.size(); ++i) found.by_class_s[i] = seconds(parts.by_class[i]);
  found.communication_s = seconds(parts.communication);
  found.exposed_communication_s = seconds(parts.exposed);
  found.idle_s = seconds(parts.idle);
  found.host_bound_s = seconds(parts.host_bound);
  found.waiting_s = seconds(parts.waiting);
  found.host_work_s = seconds(parts.host_work);
  for (size_t i = 0; i < group_names_.size(); ++i) {
    const Picoseconds exposed = std::exchange(exposed_by_name_[i], 0);
    if (exposed > 0) found.exposed_by_group.emplace_back(group_names_[i], seconds(exposed));
  }
  return found;
}

RoleTimes Accounting::take() {
  close_steps();
  RoleTimes times;
  for (size_t i = 0; i < done_.size(); ++i) done_[i].breakdown.host_s = seconds(steps_[i].host);
  times.steps = std::move(done_);
  for (size_t i = 0; i < evidence_.size(); ++i) times.by_evidence_s[i] = seconds(evidence_[i]);
  return times;
}

}  // namespace titan::replay
