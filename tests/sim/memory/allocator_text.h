#pragma once

#include <string>
#include <vector>

#include "sim/memory/allocator_stats.h"
#include "sim/memory/snapshot.h"

namespace titan::memory {

/// The statistics that differ, one per line: "all.active_bytes.peak: 512 and 1024".
std::string difference(const AllocatorStats& ours, const AllocatorStats& theirs);

/// The first segment that differs, with its blocks, in both.
std::string difference(const std::vector<SegmentInfo>& ours, const std::vector<SegmentInfo>& theirs);

}  // namespace titan::memory
