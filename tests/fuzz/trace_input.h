#pragma once

#include <string_view>

namespace titan::fuzz {

/// Reads one input as a trace file and does with it all that well-formed traces promise to bear: writing, printing,
/// comparing, looking for hazards, replay and the timeline. Throws std::logic_error when a promise is broken: an error
/// that is no ConfigError of one line naming the offset, a trace that is malformed or reads back as another one, times
/// that run backwards, a timeline that is no JSON.
void try_trace(std::string_view input);

}  // namespace titan::fuzz
