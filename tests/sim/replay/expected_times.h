#pragma once

#include <optional>
#include <vector>

#include "tests/sim/replay/random_world.h"

namespace titan::replay {

/// The times of a world without interference, by the rules of replay.h alone: everything that is known is computed over
/// and over until nothing new comes out. nullopt if that leaves something unknown, which is a deadlock.
std::optional<std::vector<std::vector<trace::NodeTime>>> expected_times(const RandomWorld& world);

}  // namespace titan::replay
