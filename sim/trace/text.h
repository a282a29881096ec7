#pragma once

#include <string>

#include "sim/trace/trace.h"

namespace titan::trace {

struct TextOptions {
  bool memory = true;       // alloc and free nodes
  bool descriptors = true;  // a table of the distinct operations with FLOPs and bytes below
};

/// A well-formed trace for people and golden tests: one node per line, indented by scope, in issue order. Equal traces
/// give equal text.
std::string to_text(const Trace& trace, const TextOptions& options = {});

}  // namespace titan::trace
