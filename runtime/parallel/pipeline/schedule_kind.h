#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/parallel/pipeline/schedule.h"

namespace titan::pipeline {

/// The schedules of torch.distributed.pipelining, by its names.
enum class ScheduleKind {
  k1F1B,
  kInterleaved1F1B,
  kGPipe,
  kLoopedBfs,
  kInterleavedZeroBubble,
  kZbvZeroBubble,
  kDualPipeV,
  kSingle,  // PipelineScheduleSingle: an order of one stage per rank that only a CSV file gives
  kMulti,   // PipelineScheduleMulti: the same for several stages per rank
};

/// What is known of a schedule before its sizes are.
struct ScheduleTraits {
  ScheduleKind kind;
  const char* name;
  bool single_stage;  // exactly one stage per rank; otherwise at least two
  Placement placement;
  bool splits_backward;  // has I and W: units must be able to defer weight gradients
  bool generated;        // false: has no order of its own
  const char* summary;   // one line for --help
};

/// Lists every schedule.
const std::vector<ScheduleTraits>& all_schedules();

const ScheduleTraits& traits_of(ScheduleKind kind);

/// Finds a schedule by its name in any case. `where` (a dotted key or an option) starts the message. Throws
/// ConfigError, naming the valid options and the nearest, for another name.
ScheduleKind parse_schedule_kind(const std::string& where, std::string_view name);

}  // namespace titan::pipeline
