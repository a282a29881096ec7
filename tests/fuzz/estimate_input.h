#pragma once

#include <string_view>

namespace titan::fuzz {

/// Reads one input: one that begins with "{" as an estimate, of which every report is written, others as an assertion
/// and as a what-if. Throws std::logic_error when a promise is broken: an error that is no ConfigError of one line, an
/// estimate that reads back as another one or differs from itself.
void try_estimate(std::string_view input);

}  // namespace titan::fuzz
