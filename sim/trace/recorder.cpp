#include "sim/trace/recorder.h"

#include <bit>
#include <limits>
#include <utility>

#include "runtime/config/check.h"
#include "sim/trace/intern_table.h"
#include "sim/trace/known_ops.h"

namespace titan::trace {

namespace {

size_t mix_shapes(size_t hash, const std::vector<std::vector<int64_t>>& shapes) {
  hash = mix_hash(hash, shapes.size());
  for (const auto& shape : shapes) {
    hash = mix_hash(hash, shape.size());
    for (const int64_t extent : shape) hash = mix_hash(hash, static_cast<uint64_t>(extent));
  }
  return hash;
}

struct HashDescriptor {
  size_t operator()(const OpDescriptor& op) const {
    size_t hash = mix_hash(hash_of(op.name), hash_of(op.dtype));
    hash = mix_shapes(mix_shapes(hash, op.inputs), op.outputs);
    return mix_hash(mix_hash(hash, op.is_causal), std::bit_cast<uint64_t>(op.flops));
  }
  size_t operator()(const CollectiveDescriptor& collective) const {
    const size_t hash = mix_hash(static_cast<size_t>(collective.kind), collective.group);
    return mix_hash(hash, std::bit_cast<uint64_t>(collective.bytes));
  }
  size_t operator()(const TransferDescriptor& transfer) const {
    const size_t hash = mix_hash(transfer.group, static_cast<uint64_t>(transfer.peer));
    return mix_hash(hash, std::bit_cast<uint64_t>(transfer.bytes));
  }
  size_t operator()(const Group& group) const {
    size_t hash = hash_of(group.name);
    for (const int32_t rank : group.ranks) hash = mix_hash(hash, static_cast<uint64_t>(rank));
    return hash;
  }
  size_t operator()(std::string_view name) const { return hash_of(name); }
};

}  // namespace

struct Recorder::Tables {
  explicit Tables(Trace& trace)
      : ops(trace.ops),
        collectives(trace.collectives),
        transfers(trace.transfers),
        groups(trace.groups),
        names(trace.names),
        categories(trace.categories) {}

  InternTable<OpDescriptor, HashDescriptor> ops;
  InternTable<CollectiveDescriptor, HashDescriptor> collectives;
  InternTable<TransferDescriptor, HashDescriptor> transfers;
  InternTable<Group, HashDescriptor> groups;
  InternTable<std::string, HashDescriptor> names;
  InternTable<std::string, HashDescriptor> categories;
  KnownOps known_ops;
};

Recorder::Recorder(int32_t rank, int32_t world_size) { clear(rank, world_size); }

Recorder::~Recorder() = default;

uint32_t Recorder::intern(OpDescriptor&& op) { return tables_->ops.intern(std::move(op)); }
uint32_t Recorder::intern(CollectiveDescriptor&& collective) {
  return tables_->collectives.intern(std::move(collective));
}
uint32_t Recorder::intern(TransferDescriptor&& transfer) { return tables_->transfers.intern(std::move(transfer)); }
uint32_t Recorder::intern(Group&& group) { return tables_->groups.intern(std::move(group)); }
uint32_t Recorder::intern(std::string_view name) { return tables_->names.intern(name); }

uint16_t Recorder::intern_category(std::string_view name) {
  const uint32_t number = tables_->categories.intern(name);
  config::check(number < kMaxCategories, "Recorder: a trace holds at most ", kMaxCategories, " categories");
  return static_cast<uint16_t>(number);
}

std::optional<uint32_t> Recorder::known_op(std::string_view name, std::span<const int64_t> signature) const {
  return tables_->known_ops.find(name, signature);
}

uint32_t Recorder::intern_as(std::span<const int64_t> signature, OpDescriptor&& op) {
  const uint32_t number = tables_->ops.intern(std::move(op));
  tables_->known_ops.remember(trace_.ops[number].name, signature, number);
  return number;
}

uint32_t Recorder::alloc(uint8_t stream, uint64_t num_bytes, uint16_t category) {
  const uint32_t storage = trace_.num_storages++;
  if (storage >= kMaxStorages) [[unlikely]]
    config::check(false, "Recorder: a trace holds at most ", kMaxStorages, " storages");
  alloc_nodes_.push_back(static_cast<uint32_t>(trace_.nodes.size()));
  trace_.nodes.push_back({NodeKind::alloc, stream, category, storage, num_bytes});
  return storage;
}

void Recorder::set_category(uint32_t storage, uint16_t category) {
  trace_.nodes[alloc_nodes_.at(storage)].num_arguments = category;
}

void Recorder::free(uint8_t stream, uint32_t storage, uint64_t num_bytes) {
  trace_.nodes.push_back({NodeKind::free, stream, 0, storage, num_bytes});
}

void Recorder::op(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments) {
  add(NodeKind::op, stream, descriptor, arguments);
}
void Recorder::collective(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments) {
  add(NodeKind::collective, stream, descriptor, arguments);
}
void Recorder::send(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments) {
  add(NodeKind::send, stream, descriptor, arguments);
}
void Recorder::recv(uint8_t stream, uint32_t descriptor, std::span<const Argument> arguments) {
  add(NodeKind::recv, stream, descriptor, arguments);
}

void Recorder::begin_batch(uint8_t stream) { trace_.nodes.push_back({NodeKind::begin_batch, stream}); }
void Recorder::end_batch(uint8_t stream) { trace_.nodes.push_back({NodeKind::end_batch, stream}); }

uint32_t Recorder::record_event(uint8_t stream) {
  const uint32_t event = trace_.num_events++;
  trace_.nodes.push_back({NodeKind::record_event, stream, 0, event, 0});
  return event;
}

void Recorder::wait_event(uint8_t stream, uint32_t event) {
  trace_.nodes.push_back({NodeKind::wait_event, stream, 0, event, 0});
}
void Recorder::host_sync(uint8_t stream) { trace_.nodes.push_back({NodeKind::host_sync, stream}); }
void Recorder::host_wait(uint32_t event) { trace_.nodes.push_back({NodeKind::host_wait, 0, 0, event, 0}); }

void Recorder::begin_scope(uint32_t name) { trace_.nodes.push_back({NodeKind::begin_scope, 0, 0, name, 0}); }
void Recorder::end_scope() { trace_.nodes.push_back({NodeKind::end_scope}); }

Recorder::Block Recorder::add_block(std::span<const Node> nodes, std::span<const uint32_t> allocs, size_t num_arguments,
                                    uint32_t num_events) {
  Block block{.nodes = {},
              .arguments = {},
              .first_node = trace_.nodes.size(),
              .first_argument = trace_.arguments.size(),
              .first_storage = trace_.num_storages,
              .first_event = trace_.num_events};
  config::check(trace_.num_storages + allocs.size() <= kMaxStorages, "Recorder: a trace holds at most ", kMaxStorages,
                " storages");
  trace_.nodes.insert(trace_.nodes.end(), nodes.begin(), nodes.end());
  trace_.arguments.resize(block.first_argument + num_arguments);
  block.nodes = std::span(trace_.nodes).subspan(block.first_node);
  block.arguments = std::span(trace_.arguments).subspan(block.first_argument);
  for (const uint32_t index : allocs) {
    block.nodes[index].id = trace_.num_storages++;
    alloc_nodes_.push_back(static_cast<uint32_t>(block.first_node + index));
  }
  trace_.num_events += num_events;
  return block;
}

void Recorder::cut_block(const Block& block, size_t num_nodes) {
  trace_.num_storages = block.first_storage;
  trace_.num_events = block.first_event;
  size_t num_arguments = block.first_argument;
  for (const Node& node : block.nodes.first(num_nodes)) {
    trace_.num_storages += node.kind == NodeKind::alloc;
    trace_.num_events += node.kind == NodeKind::record_event;
    num_arguments += trace_.arguments_of(node).size();
  }
  trace_.nodes.resize(block.first_node + num_nodes);
  trace_.arguments.resize(num_arguments);
  alloc_nodes_.resize(trace_.num_storages);
}

void Recorder::begin_draft() {
  before_draft_ = {.nodes = std::exchange(trace_.nodes, {}),
                   .arguments = std::exchange(trace_.arguments, {}),
                   .num_storages = trace_.num_storages,
                   .num_events = trace_.num_events};
}

void Recorder::end_draft() {
  trace_.nodes = std::move(before_draft_.nodes);
  trace_.arguments = std::move(before_draft_.arguments);
  trace_.num_storages = before_draft_.num_storages;
  trace_.num_events = before_draft_.num_events;
  alloc_nodes_.resize(trace_.num_storages);
}

Trace Recorder::take() {
  Trace taken = std::move(trace_);
  clear(taken.rank, taken.world_size);
  return taken;
}

void Recorder::clear(int32_t rank, int32_t world_size) {
  trace_ = Trace{.rank = rank, .world_size = world_size};
  alloc_nodes_.clear();
  tables_ = std::make_unique<Tables>(trace_);
  tables_->categories.intern(kUntagged);
}

void Recorder::add(NodeKind kind, uint8_t stream, uint32_t id, std::span<const Argument> arguments) {
  if (arguments.size() > std::numeric_limits<uint16_t>::max()) [[unlikely]]
    config::check(false, "Recorder: a node has at most 65535 arguments: ", arguments.size());
  trace_.nodes.push_back({kind, stream, static_cast<uint16_t>(arguments.size()), id, trace_.arguments.size()});
  trace_.arguments.insert(trace_.arguments.end(), arguments.begin(), arguments.end());
}

}  // namespace titan::trace
