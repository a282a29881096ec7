#pragma once

#include <optional>

#include "runtime/parallel/pipeline/action_places.h"
#include "runtime/parallel/pipeline/validate.h"

namespace titan::pipeline {

// The parts of find_defect. Each takes for granted what those above it check.

/// Every action is of a stage of its rank and of a microbatch that exists, and of a kind that the schedule has.
std::optional<Defect> find_misplaced(const Schedule& schedule);
/// No action is there twice. Notes all places.
std::optional<Defect> find_repeated(const Schedule& schedule, ActionPlaces& places);
/// Each action finds before it, on its own rank, what it needs.
std::optional<Defect> find_unordered(const Schedule& schedule, const ActionPlaces& places);
/// Nothing is missing at the end of a rank's order.
std::optional<Defect> find_missing(const Schedule& schedule, const ActionPlaces& places);
/// Stages compute while unsharded only.
std::optional<Defect> find_sharded(const Schedule& schedule);
/// Sends and receives between two ranks come in the same order at both ends.
std::optional<Defect> find_crossed(const Schedule& schedule);
/// No rank waits for ever.
std::optional<Defect> find_deadlock(const Schedule& schedule, const ActionPlaces& places, Transfers transfers);

}  // namespace titan::pipeline
