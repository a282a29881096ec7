#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/trace/trace.h"

namespace titan::trace {

/// The category of storages that nobody tagged.
inline constexpr std::string_view kUntagged = "other";

/// Receives what one rank's host issues and builds its trace. Not thread-safe: one rank, one thread. Descriptors are
/// interned: equal ones share a number, which holds until take(). Numbers are not checked here (validate.h does).
/// Throws config::ContractError when a node has too many arguments or a trace too many storages.
class Recorder {
 public:
  Recorder(int32_t rank, int32_t world_size);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  uint32_t intern(OpDescriptor&& op);
  uint32_t intern(CollectiveDescriptor&& collective);
  uint32_t intern(TransferDescriptor&& transfer);
  uint32_t intern(Group&& group);
  uint32_t intern(std::string_view name);
  /// A number for what storages are for. 0 is kUntagged. Throws ContractError when there are kMaxCategories already.
  uint16_t intern_category(std::string_view name);

  /// The number remembered under `name` and `signature`, if any: saves building a descriptor. Allocates nothing.
  std::optional<uint32_t> known_op(std::string_view name, std::span<const int64_t> signature) const;
  /// Interns `op` and remembers its number under its name and `signature`: numbers (element type, shapes, flags) that
  /// together with the name determine the whole descriptor.
  uint32_t intern_as(std::span<const int64_t> signature, OpDescriptor&& op);

  /// Gives new storage a number; the next one is num_storages().
  uint32_t alloc(uint8_t stream, uint64_t num_bytes, uint16_t category = 0);
  /// Tags a storage that turned out later to be for something else, for all of its life.
  void set_category(uint32_t storage, uint16_t category);
  void free(uint8_t stream, uint32_t storage, uint64_t num_bytes);
  uint32_t num_storages() const { return trace_.num_storages; }

  void op(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void collective(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void send(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  void recv(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments);
  /// Transfers between the two, on the same stream, are issued together by end_batch.
  void begin_batch(uint8_t stream);
  void end_batch(uint8_t stream);

  /// Gives a new event a number.
  uint32_t record_event(uint8_t stream);
  void wait_event(uint8_t stream, uint32_t event);
  void host_sync(uint8_t stream);
  void host_wait(uint32_t event);

  void begin_scope(uint32_t name);
  void begin_scope(std::string_view name) { begin_scope(intern(name)); }
  void end_scope();

  /// Room at the end of the trace. Changing the trace invalidates it.
  struct Block {
    std::span<Node> nodes;
    std::span<Argument> arguments;
    size_t first_node = 0, first_argument = 0;
    uint32_t first_storage = 0, first_event = 0;
  };
  /// Adds copies of `nodes`, of which those at `allocs` make storages and `num_events` make events, and room for
  /// arguments. Storages are numbered here; all else that refers to something is the caller's to fill in.
  Block add_block(std::span<const Node> nodes, std::span<const uint32_t> allocs, size_t num_arguments,
                  uint32_t num_events);
  /// Takes back what comes after the first `num_nodes` nodes of the last block added, which is filled in.
  void cut_block(const Block& block, size_t num_nodes);

  /// From here to end_draft nodes, arguments, storages and events are none of the trace's; descriptors are. Numbers of
  /// storages and events go on from those of the trace. trace() shows the draft's.
  void begin_draft();
  void end_draft();

  const Trace& trace() const { return trace_; }
  /// Hands the trace out; the recorder is empty afterwards, descriptors included.
  Trace take();

 private:
  struct Tables;  // descriptor -> number

  void add(NodeKind kind, uint8_t stream, uint32_t id, std::span<const Argument> arguments);

  void clear(int32_t rank, int32_t world_size);

  /// What a draft sets aside.
  struct BeforeDraft {
    std::vector<Node> nodes;
    std::vector<Argument> arguments;
    uint32_t num_storages = 0;
    uint32_t num_events = 0;
  };

  Trace trace_;
  BeforeDraft before_draft_;
  std::vector<uint32_t> alloc_nodes_;  // by storage
  std::unique_ptr<Tables> tables_;
};

}  // namespace titan::trace
