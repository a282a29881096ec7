#pragma once

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// Says whether a schedule made of the same actions as the valid `original` is valid under blocking transfers; written
/// with sets of texts instead of tables, as an oracle for find_defect.
bool is_valid_slowly(const Schedule& schedule, const Schedule& original);

}  // namespace titan::pipeline
