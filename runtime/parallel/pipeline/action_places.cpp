#include "runtime/parallel/pipeline/action_places.h"

#include <algorithm>
#include <utility>

namespace titan::pipeline {

ActionPlaces::ActionPlaces(const Schedule& schedule) : num_microbatches_(schedule.num_microbatches) {
  for (auto& table : tables_) table.assign(schedule.num_stages() * num_microbatches_, kNowhere);
}

int ActionPlaces::input_gradient(int stage, int microbatch) const {
  return std::max(position(ActionKind::kBackward, stage, microbatch),
                  position(ActionKind::kBackwardInput, stage, microbatch));
}

int ActionPlaces::weight_gradient(int stage, int microbatch) const {
  return std::max(position(ActionKind::kBackward, stage, microbatch),
                  position(ActionKind::kBackwardWeight, stage, microbatch));
}

int ActionPlaces::note(const Action& part, int position) {
  return std::exchange(table(part.kind)[entry(part.stage, part.microbatch)], position);
}

}  // namespace titan::pipeline
