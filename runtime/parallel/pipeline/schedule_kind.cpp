#include "runtime/parallel/pipeline/schedule_kind.h"

#include <algorithm>
#include <cctype>

#include "runtime/config/check.h"
#include "runtime/config/config_error.h"
#include "runtime/config/nearest.h"
#include "runtime/config/value.h"

namespace titan::pipeline {
namespace {

bool same_but_for_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

}  // namespace

const std::vector<ScheduleTraits>& all_schedules() {
  static const std::vector<ScheduleTraits> kAll = {
      {ScheduleKind::k1F1B, "1F1B", true, Placement::kLoop, false, true,
       "one forward, one backward: GPipe's bubble, few microbatches in flight"},
      {ScheduleKind::kInterleaved1F1B, "Interleaved1F1B", false, Placement::kLoop, false, true,
       "1F1B over v stages per rank: the bubble is v times smaller"},
      {ScheduleKind::kGPipe, "GPipe", true, Placement::kLoop, false, true,
       "all forwards, then all backwards: every microbatch is in flight at once"},
      {ScheduleKind::kLoopedBfs, "LoopedBFS", false, Placement::kLoop, false, true,
       "GPipe over v stages per rank, a stage at a time: few gathers of parameters"},
      {ScheduleKind::kInterleavedZeroBubble, "InterleavedZeroBubble", false, Placement::kLoop, true, true,
       "interleaved; weight gradients (W) are put off to fill the bubble"},
      {ScheduleKind::kZbvZeroBubble, "ZBVZeroBubble", false, Placement::kV, true, true,
       "stages in a V; no bubble when F, I and W take the same time"},
      {ScheduleKind::kDualPipeV, "DualPipeV", false, Placement::kV, true, true,
       "stages in a V; a forward overlaps a backward, which hides expert communication"},
      {ScheduleKind::kSingle, "PipelineScheduleSingle", true, Placement::kLoop, false, false,
       "no order of its own: a CSV file with one stage per rank"},
      {ScheduleKind::kMulti, "PipelineScheduleMulti", false, Placement::kLoop, false, false,
       "no order of its own: a CSV file with several stages per rank"},
  };
  return kAll;
}

const ScheduleTraits& traits_of(ScheduleKind kind) {
  const auto& all = all_schedules();
  const auto found = std::find_if(all.begin(), all.end(), [kind](const auto& one) { return one.kind == kind; });
  config::check(found != all.end(), "traits_of: no such schedule: kind=", static_cast<int>(kind));
  return *found;
}

ScheduleKind parse_schedule_kind(const std::string& where, std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& one : all_schedules()) {
    if (same_but_for_case(one.name, name)) return one.kind;
    names.emplace_back(one.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  throw config::ConfigError(where, "Unknown schedule name " + config::in_quotes(std::string(name)) +
                                       ". The valid options are " + list + config::did_you_mean(name, names));
}

}  // namespace titan::pipeline
