#pragma once

#include <string>

#include "runtime/parallel/pipeline/timing.h"

namespace titan::pipeline {

/// Draws a timeline as text of at most `width` columns (at least 40): time from left to right, a row for each stage
/// under its rank. An action is its kind and, where there is room, its microbatch, drawn out with "-" as long as it
/// takes; "." is a rank that waits. What does not fit is continued below; what is too long for that is drawn with one
/// letter per column, as coarse as it must be.
std::string draw(const Schedule& schedule, const Timeline& timeline, int width);

}  // namespace titan::pipeline
