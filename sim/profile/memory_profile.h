#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/memory/allocator_options.h"
#include "sim/memory/allocator_stats.h"
#include "sim/memory/out_of_memory.h"
#include "sim/trace/trace.h"

namespace titan::profile {

/// What is allocated at one moment, as the allocator counts it: whole blocks.
struct MemoryPoint {
  size_t node = 0;               // after which
  uint64_t allocated_bytes = 0;  // the sum of the categories
  uint64_t reserved_bytes = 0;
  std::vector<uint64_t> by_category = {};  // like the trace's table
};

/// What is alive in host memory at one moment: pageable memory as requested, pinned memory in powers of two, as
/// LibTorch's host allocator takes it (ATen/core/CachingHostAllocator.h).
struct HostPoint {
  uint64_t bytes = 0;  // the sum of the categories
  std::vector<uint64_t> by_category = {};
};

/// Memory over one top-level scope of the trace, or over all of it.
struct MemorySpan {
  std::string name;
  MemoryPoint peak;   // the first moment at which most is allocated
  std::string scope;  // that is open then: "step / forward / layers.3"
  uint64_t peak_reserved_bytes = 0;
  uint64_t peak_requested_bytes = 0;  // of what is alive, before the allocator rounds
  uint64_t end_allocated_bytes = 0, end_reserved_bytes = 0;
  HostPoint host;  // the first moment at which most of it is alive
};

/// Where memory ran out. What the profile holds is up to there.
struct MemoryShortage {
  memory::OutOfMemory facts;
  size_t node = 0;
  std::string scope;
  std::string category;  // of the storage that found no place
};

struct MemoryProfile {
  MemorySpan whole;               // from the first node to the last
  std::vector<MemorySpan> steps;  // top-level scopes
  std::optional<MemoryShortage> shortage;
  memory::AllocatorStats stats;    // at the end; peaks are those of `whole`
  std::vector<MemoryPoint> curve;  // where a scope begins or ends, and between two such the highest; if asked for
};

struct ProfileOptions {
  bool keep_curve = false;
};

/// What the caching allocator does under the alloc and free nodes of a well-formed trace, each in the pool of its
/// stream; those of host memory are counted apart. Blocks go back to their pool when they are freed: recorders order
/// reuse by events (happens_before.h) and know no record_stream. Throws config::ContractError if an allocator option is
/// out of range.
MemoryProfile profile_memory(const trace::Trace& trace, const memory::AllocatorOptions& allocator,
                             const ProfileOptions& options = {});

}  // namespace titan::profile
