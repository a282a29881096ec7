#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sim/trace/trace.h"

namespace titan::trace {

/// Receives what one rank's host issues and builds its trace. Not thread-safe: one rank, one thread. Descriptors are
/// interned: equal ones share a number.
class Recorder {
 public:
  Recorder(int32_t rank, int32_t world_size);
  ~Recorder();

  uint32_t intern(OpDescriptor&& op);
  uint32_t intern(CollectiveDescriptor&& collective);
  uint32_t intern(TransferDescriptor&& transfer);
  uint32_t intern(Group&& group);
  uint32_t intern(std::string_view name);

  /// Gives new storage a number.
  uint32_t alloc(uint8_t stream, uint64_t num_bytes);
  void free(uint8_t stream, uint32_t storage, uint64_t num_bytes);

  void op(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void collective(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void send(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void recv(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);

  /// Gives a new event a number.
  uint32_t record_event(uint8_t stream);
  void wait_event(uint8_t stream, uint32_t event);
  void host_sync(uint8_t stream);
  void host_wait(uint32_t event);

  void begin_scope(std::string_view name);
  void end_scope();

  const Trace& trace() const { return trace_; }
  /// Hands the trace out; the recorder is empty afterwards.
  Trace take();

 private:
  struct Tables;  // descriptor -> number

  void add(NodeKind kind, uint8_t stream, uint32_t id, std::span<const Argument> arguments);

  Trace trace_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace titan::trace
