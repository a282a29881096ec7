#pragma once

#include "estimator/hardware/machine.h"
#include "estimator/report/estimate.h"
#include "estimator/simulate/record.h"
#include "sim/replay/replay.h"

namespace titan::estimator {

/// Runs a role's allocations through the caching allocator of the machine's software, without end first: what the step
/// needs. Where that is more than the device has left beside the process's own memory, once more with the device's
/// capacity: the allocator then gives cached memory back before it fails, and may get by.
RoleMemory measure_memory(const RecordedRole& role, const hardware::Machine& machine);

/// What is allocated over the last step of a role, by the time at which the device comes to the work that it is for;
/// `times` must have a timeline.
MemoryCurve memory_curve(const RecordedRole& role, const hardware::Machine& machine, const replay::RoleTimes& times);

/// The central interval of a role's peak of reserved memory.
Interval reserved_interval(const RoleMemory& role, double level);

}  // namespace titan::estimator
