#pragma once

#include <span>
#include <string>

#include "sim/trace/node_time.h"
#include "sim/trace/trace.h"

namespace titan::trace {

/// One process of a timeline: a rank, or a role that stands for several.
struct TimedTrace {
  const Trace* trace = nullptr;     // well formed
  std::span<const NodeTime> times;  // one per node
  std::string name;                 // of the process; viewers put its number, the rank, behind: "64 ranks like rank"
};

struct ChromeOptions {
  bool operators = false;  // each operation, not only scopes and communication
};

/// A timeline in the JSON form that Perfetto (ui.perfetto.dev) and chrome://tracing open: a process per trace, its
/// number the rank, with a main thread for the host and one per stream. A scope is shown on the host from begin to end
/// and on every stream from its first to its last work there. Categories: scope, host, communication and the classes of
/// operations.
std::string chrome_trace(std::span<const TimedTrace> traces, const ChromeOptions& options = {});

}  // namespace titan::trace
