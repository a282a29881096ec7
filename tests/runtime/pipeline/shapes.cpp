#include "tests/runtime/pipeline/shapes.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace titan::pipeline {

std::vector<ScheduleShape> all_shapes(int most_ranks, int most_stages, int most_microbatches) {
  std::vector<ScheduleShape> shapes;
  for (const auto& traits : all_schedules()) {
    if (!traits.generated) continue;
    for (int ranks = 1; ranks <= most_ranks; ++ranks) {
      for (int stages = 1; stages <= most_stages; ++stages) {
        for (int microbatches = 1; microbatches <= most_microbatches; ++microbatches)
          shapes.push_back({traits.kind, ranks, stages, microbatches});
      }
    }
  }
  return shapes;
}

std::vector<ScheduleShape> valid_shapes(int most_ranks, int most_stages, int most_microbatches) {
  auto shapes = all_shapes(most_ranks, most_stages, most_microbatches);
  std::erase_if(shapes, [](const ScheduleShape& shape) { return !is_allowed(shape); });
  return shapes;
}

bool is_allowed(const ScheduleShape& shape) {
  const int m = shape.num_microbatches;
  switch (shape.kind) {
    case ScheduleKind::kGPipe:
      return shape.stages_per_rank == 1;
    case ScheduleKind::k1F1B:
      return shape.stages_per_rank == 1 && m >= shape.num_ranks;
    case ScheduleKind::kLoopedBfs:
      return shape.stages_per_rank > 1;
    case ScheduleKind::kInterleaved1F1B:
    case ScheduleKind::kInterleavedZeroBubble:
      return shape.stages_per_rank > 1 && (m < shape.num_ranks || m % (m / shape.num_ranks) == 0);
    case ScheduleKind::kZbvZeroBubble:
      return shape.stages_per_rank == 2;
    case ScheduleKind::kDualPipeV:
      return shape.stages_per_rank == 2 && m >= 2 * shape.num_ranks;
    default:
      return false;
  }
}

std::string text_of(const ScheduleShape& shape) {
  std::ostringstream text;
  text << traits_of(shape.kind).name << " pp=" << shape.num_ranks << " v=" << shape.stages_per_rank
       << " mb=" << shape.num_microbatches;
  return text.str();
}

void PrintTo(const Action& action, std::ostream* out) { *out << to_string(action); }

Schedule schedule_from(const std::vector<std::string>& ranks) {
  Schedule schedule;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    Actions& actions = schedule.ranks.emplace_back();
    std::istringstream words(ranks[rank]);
    for (std::string word; words >> word;) {
      const auto action = parse_action(word);
      if (!action) throw std::invalid_argument(word);
      actions.push_back(*action);
      schedule.has_transfers = schedule.has_transfers || is_transfer(action->kind);
      schedule.has_sharding = schedule.has_sharding || is_sharding(action->kind);
      for (const Action& part : parts_of(*action)) {
        schedule.num_microbatches = std::max(schedule.num_microbatches, part.microbatch + 1);
        if (part.stage >= schedule.num_stages()) schedule.rank_of_stage.resize(part.stage + 1, 0);
        if (is_computation(part.kind)) schedule.rank_of_stage[part.stage] = static_cast<int>(rank);
      }
    }
  }
  return schedule;
}

}  // namespace titan::pipeline
