#include "runtime/parallel/pipeline/validate.h"

#include "runtime/config/check.h"
#include "runtime/parallel/pipeline/check_order.h"

namespace titan::pipeline {

std::string to_string(const Defect& defect) {
  return "rank " + std::to_string(defect.rank) + ", position " + std::to_string(defect.position) + ", " +
         defect.action + ": " + defect.message;
}

std::optional<Defect> find_defect(const Schedule& schedule, Transfers transfers) {
  config::check(schedule.num_microbatches >= 1 && schedule.num_stages() >= 1 && schedule.num_ranks() >= 1,
                "find_defect: a schedule has ranks, stages and microbatches: num_ranks=", schedule.num_ranks(),
                " num_stages=", schedule.num_stages(), " num_microbatches=", schedule.num_microbatches);
  if (auto defect = find_misplaced(schedule)) return defect;
  ActionPlaces places(schedule);
  if (auto defect = find_repeated(schedule, places)) return defect;
  if (auto defect = find_unordered(schedule, places)) return defect;
  if (auto defect = find_missing(schedule, places)) return defect;
  if (auto defect = find_sharded(schedule)) return defect;
  if (auto defect = find_crossed(schedule)) return defect;
  return find_deadlock(schedule, places, transfers);
}

}  // namespace titan::pipeline
