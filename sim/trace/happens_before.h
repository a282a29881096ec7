#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Two nodes of one rank that touch the same memory in no certain order.
struct Hazard {
  enum class Kind {
    read_unwritten,      // nothing ever wrote what is read; `other` is `node`
    read_before_write,   // a read does not wait for the write before it
    write_before_write,  // a write does not wait for the write before it
    write_before_read,   // a write does not wait for a read before it
    reuse,               // the first use of memory does not wait for work on storage freed to the same pool
    use_after_free,      // a transfer is issued with its batch after its storage was freed
  };
  Kind kind = Kind::read_unwritten;
  size_t node = 0;       // the later one in issue order
  size_t other = 0;      // the one it must come after
  uint32_t storage = 0;  // what `node` touches
  std::string what;      // both nodes in words and the wait that is missing
};

/// Checks law 7 on a well-formed trace: every read of a storage comes after the write before it in issue order, every
/// write after the reads and writes before it. Order is made by streams, events, host waits and the first-in first-out
/// rule of each communicator. Memory follows the caching allocator: a freed storage goes back to the pool of its stream
/// at once, so the first use of any storage allocated from that pool afterwards must come after all work on it. Pinned
/// host memory is the exception: its allocator waits for copies by itself. What the host does on its own memory comes
/// after what it has waited for, and before all that it issues later.
/// An argument that is read and written counts as the first write of a storage never written (an in-place fill).
/// Returns the first `max_hazards` in issue order; a conflict that follows from one found may be found too.
std::vector<Hazard> find_hazards(const Trace& trace, size_t max_hazards = 16);

}  // namespace titan::trace
