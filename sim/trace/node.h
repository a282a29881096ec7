#pragma once

#include <cstddef>
#include <cstdint>

namespace titan::trace {

/// What one entry of a rank's trace is.
enum class NodeKind : uint8_t {
  op,          // device work on a stream
  alloc,       // storage comes to life; acts on the host, in issue order
  free,        // storage dies
  collective,  // operation among the ranks of a group
  send,        // point to point; matched with the peer's recv in order per (group, pair of ranks)
  recv,
  begin_batch,  // transfers up to end_batch are issued together by it and run beside each other
  end_batch,
  record_event,  // marks the end of all work enqueued on a stream so far
  wait_event,    // work enqueued on a stream from now on comes after the event
  host_sync,     // the host waits until all work on a stream is done (a device value is read)
  host_wait,     // the host waits for an event
  begin_scope,   // annotation: step, phase, microbatch, unit
  end_scope,
};

inline constexpr int kNumNodeKinds = 14;

/// Streams of a rank are numbered below this; the first ones are platform::StreamRole, a platform may add others, and
/// the last two numbers stand for the host.
inline constexpr int kMaxStreams = 16;

/// The host as a stream: operations on it are the host's own work on its own memory. They run where they are issued,
/// and nothing is issued until they end. Its pool is pageable host memory.
inline constexpr uint8_t kHostStream = kMaxStreams - 1;
/// The pool of pinned host memory, which the device's copies may use while the host goes on. No stream.
inline constexpr uint8_t kPinnedPool = kMaxStreams - 2;

/// Whether the pool of a storage is host memory, which is none of the caching allocator's.
inline constexpr bool is_host_pool(uint8_t stream) { return stream >= kPinnedPool; }

/// One entry: 16 bytes. Storages and events are numbered in the order of their alloc and record_event nodes, the
/// arguments of nodes follow each other in the pool. Meaning of the fields by kind:
///
/// | kind             | stream  | num_arguments | id                          | value                        |
/// |------------------|---------|---------------|-----------------------------|------------------------------|
/// | op               | runs on | storages      | OpDescriptor                | first argument in the pool   |
/// | collective       | runs on | storages      | CollectiveDescriptor        | first argument               |
/// | send, recv       | runs on | storages      | TransferDescriptor          | first argument               |
/// | begin_batch      | runs on | 0             | 0                           | 0                            |
/// | end_batch        | runs on | 0             | 0                           | 0                            |
/// | alloc            | pool of | category      | storage                     | bytes as requested           |
/// | free             | pool of | 0             | storage                     | bytes as requested           |
/// | record_event     | of      | 0             | event                       | 0                            |
/// | wait_event       | waits   | 0             | event                       | 0                            |
/// | host_sync        | of      | 0             | 0                           | 0                            |
/// | host_wait        | 0       | 0             | event                       | 0                            |
/// | begin_scope      | 0       | 0             | name                        | 0                            |
/// | end_scope        | 0       | 0             | 0                           | 0                            |
struct Node {
  NodeKind kind = NodeKind::op;
  uint8_t stream = 0;
  uint16_t num_arguments = 0;
  uint32_t id = 0;
  uint64_t value = 0;

  /// Of an alloc: what the storage is for, in the trace's table.
  uint16_t category() const { return num_arguments; }
  bool operator==(const Node&) const = default;
};
static_assert(sizeof(Node) == 16);

inline constexpr uint32_t kMaxStorages = 1u << 30;
inline constexpr size_t kMaxCategories = 1u << 16;

/// One storage that a node touches: its id and how.
class Argument {
 public:
  enum class Access : uint32_t { read = 1, write = 2, read_write = 3 };

  Argument() = default;
  Argument(uint32_t storage, Access access) : bits_(storage << 2 | static_cast<uint32_t>(access)) {}

  uint32_t storage() const { return bits_ >> 2; }
  bool reads() const { return bits_ & 1; }
  bool writes() const { return bits_ & 2; }
  Access access() const { return static_cast<Access>(bits_ & 3); }
  bool operator==(const Argument&) const = default;

 private:
  uint32_t bits_ = 0;
};

}  // namespace titan::trace
