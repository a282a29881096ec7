#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "runtime/parallel/pipeline/make_schedule.h"

namespace titan::pipeline {

/// Lists all generated schedules with 1 to `most_ranks` ranks, 1 to `most_stages` stages per rank and 1 to
/// `most_microbatches` microbatches, those that must be refused too.
std::vector<ScheduleShape> all_shapes(int most_ranks, int most_stages, int most_microbatches);

/// The same without those that are refused.
std::vector<ScheduleShape> valid_shapes(int most_ranks, int most_stages, int most_microbatches);

/// The rules of refusal, written a second time.
bool is_allowed(const ScheduleShape& shape);

std::string text_of(const ScheduleShape& shape);

/// Lets GoogleTest print actions as text.
void PrintTo(const Action& action, std::ostream* out);

/// Makes a schedule of computations only from the actions of each rank, separated by spaces.
Schedule schedule_from(const std::vector<std::string>& ranks);

}  // namespace titan::pipeline
