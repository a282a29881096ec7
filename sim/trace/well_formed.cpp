#include "sim/trace/well_formed.h"

#include <algorithm>
#include <cmath>

namespace titan::trace {

namespace {

using Fault = std::optional<std::string>;

bool is_amount(double value) { return std::isfinite(value) && value >= 0.0; }

bool are_shapes(const std::vector<std::vector<int64_t>>& shapes) {
  return std::all_of(shapes.begin(), shapes.end(), [](const auto& shape) {
    return std::all_of(shape.begin(), shape.end(), [](int64_t extent) { return extent >= 0; });
  });
}

Fault group_fault(const Group& group, const Trace& trace) {
  std::vector<int32_t> ranks = group.ranks;
  std::sort(ranks.begin(), ranks.end());
  if (std::adjacent_find(ranks.begin(), ranks.end()) != ranks.end()) return "a rank is in it twice";
  if (!ranks.empty() && (ranks.front() < 0 || ranks.back() >= trace.world_size)) return "a rank is not in the world";
  if (!std::binary_search(ranks.begin(), ranks.end(), trace.rank)) return "this rank is not in it";
  return std::nullopt;
}

Fault op_fault(const OpDescriptor& op) {
  if (static_cast<int>(op.op_class) >= kNumOpClasses) return "no such class";
  if (!are_shapes(op.inputs) || !are_shapes(op.outputs)) return "a negative extent";
  if (!is_amount(op.flops) || !is_amount(op.bytes_read) || !is_amount(op.bytes_written))
    return "FLOPs and bytes must be finite and not negative";
  return std::nullopt;
}

Fault collective_fault(const CollectiveDescriptor& collective, const Trace& trace) {
  if (static_cast<int>(collective.kind) >= kNumCollectiveKinds) return "no such kind";
  if (collective.group >= trace.groups.size()) return "no such group";
  if (!is_amount(collective.bytes)) return "bytes must be finite and not negative";
  return std::nullopt;
}

Fault transfer_fault(const TransferDescriptor& transfer, const Trace& trace) {
  if (transfer.group >= trace.groups.size()) return "no such group";
  const auto& ranks = trace.groups[transfer.group].ranks;
  if (transfer.peer == trace.rank || std::find(ranks.begin(), ranks.end(), transfer.peer) == ranks.end())
    return "the peer is not another rank of the group";
  if (!is_amount(transfer.bytes)) return "bytes must be finite and not negative";
  return std::nullopt;
}

// The first fault of a table, with the entry's number.
template <class T, class Check>
Fault table_fault(const char* what, const std::vector<T>& table, const Check& check) {
  for (size_t i = 0; i < table.size(); ++i) {
    if (const Fault fault = check(table[i])) return std::string(what) + " " + std::to_string(i) + ": " + *fault;
  }
  return std::nullopt;
}

Fault number_fault(const char* what, uint64_t number, uint64_t limit) {
  if (number < limit) return std::nullopt;
  return std::string(what) + " " + std::to_string(number) + " is not one of " + std::to_string(limit);
}

bool has_zero_in_unused_fields(const Node& node) {
  switch (node.kind) {
    case NodeKind::op:
    case NodeKind::collective:
    case NodeKind::send:
    case NodeKind::recv:
      return true;
    case NodeKind::alloc:
      return true;
    case NodeKind::free:
      return node.num_arguments == 0;
    case NodeKind::record_event:
    case NodeKind::wait_event:
      return node.num_arguments == 0 && node.value == 0;
    case NodeKind::host_wait:
    case NodeKind::begin_scope:
      return node.num_arguments == 0 && node.value == 0 && node.stream == 0;
    case NodeKind::end_scope:
      return node == Node{.kind = node.kind};
    case NodeKind::begin_batch:
    case NodeKind::end_batch:
    case NodeKind::host_sync:
      return node == Node{.kind = node.kind, .stream = node.stream};
  }
  return false;
}

}  // namespace

Fault WellFormed::tables() const {
  if (trace_.rank < 0 || trace_.rank >= trace_.world_size)
    return "rank " + std::to_string(trace_.rank) + " of a world of " + std::to_string(trace_.world_size);
  if (auto fault = table_fault("group", trace_.groups, [&](const Group& g) { return group_fault(g, trace_); }))
    return fault;
  if (auto fault = table_fault("operation", trace_.ops, op_fault)) return fault;
  if (auto fault = table_fault("collective", trace_.collectives,
                               [&](const CollectiveDescriptor& c) { return collective_fault(c, trace_); }))
    return fault;
  return table_fault("transfer", trace_.transfers,
                     [&](const TransferDescriptor& t) { return transfer_fault(t, trace_); });
}

Fault WellFormed::next(const Node& node) {
  if (static_cast<int>(node.kind) >= kNumNodeKinds) return "no such kind of node";
  if (auto fault = number_fault("stream", node.stream, kMaxStreams)) return fault;
  if (!has_zero_in_unused_fields(node)) return "a field that this kind of node does not use is not zero";
  const bool is_memory = node.kind == NodeKind::alloc || node.kind == NodeKind::free;
  if (is_host_pool(node.stream) && !is_memory && !(node.kind == NodeKind::op && node.stream == kHostStream))
    return "only operations may run on the host";
  if (batch_ == node.stream &&
      (node.kind == NodeKind::op || node.kind == NodeKind::collective || node.kind == NodeKind::record_event ||
       node.kind == NodeKind::wait_event || node.kind == NodeKind::host_sync))
    return "only transfers may be issued to a stream while a batch is open on it";
  switch (node.kind) {
    case NodeKind::op:
      if (auto fault = work(node, trace_.ops.size())) return fault;
      return places(node);
    case NodeKind::collective:
      if (auto fault = work(node, trace_.collectives.size())) return fault;
      return places(node);
    case NodeKind::send:
    case NodeKind::recv:
      if (auto fault = transfer(node)) return fault;
      return places(node);
    case NodeKind::begin_batch:
    case NodeKind::end_batch:
      return batch(node);
    case NodeKind::alloc:
    case NodeKind::free:
      return memory(node);
    case NodeKind::record_event:
    case NodeKind::wait_event:
    case NodeKind::host_wait:
      return event(node);
    case NodeKind::begin_scope:
    case NodeKind::end_scope:
      return scope(node);
    case NodeKind::host_sync:
      return std::nullopt;
  }
  return std::nullopt;
}

Fault WellFormed::end() const {
  if (batch_) return "a batch is not closed";
  if (depth_ > 0) return "a scope is not closed";
  if (storages_.size() != trace_.num_storages || num_events_ != trace_.num_events)
    return "the numbers of storages and events do not agree with the nodes";
  if (num_arguments_ != trace_.arguments.size()) return "the pool holds arguments of no node";
  return std::nullopt;
}

Fault WellFormed::work(const Node& node, size_t num_descriptors) {
  if (auto fault = number_fault("descriptor", node.id, num_descriptors)) return fault;
  if (node.value != num_arguments_ || node.num_arguments > trace_.arguments.size() - num_arguments_)
    return "arguments out of order";
  num_arguments_ += node.num_arguments;
  for (const Argument argument : trace_.arguments_of(node)) {
    if (!argument.reads() && !argument.writes()) return "an argument is neither read nor written";
    if (auto fault = number_fault("storage", argument.storage(), storages_.size())) return fault;
    if (!storages_[argument.storage()].is_alive)
      return "storage s" + std::to_string(argument.storage()) + " is not alive";
  }
  return std::nullopt;
}

// The host works on host memory, the device on its own, and copies go between them.
Fault WellFormed::places(const Node& node) const {
  const bool is_op = node.kind == NodeKind::op;
  const bool on_host = node.stream == kHostStream;
  if (is_op && on_host != (trace_.ops[node.id].op_class == OpClass::host))
    return "operations of class host, and no others, run on the host";
  if (is_op && trace_.ops[node.id].op_class == OpClass::copy) return std::nullopt;
  for (const Argument argument : trace_.arguments_of(node)) {
    if (is_host_pool(storages_[argument.storage()].stream) != on_host)
      return "storage s" + std::to_string(argument.storage()) + (on_host ? " is not in" : " is in") + " host memory";
  }
  return std::nullopt;
}

Fault WellFormed::transfer(const Node& node) {
  if (batch_ && batch_ != node.stream) return "a transfer of an open batch runs on another stream";
  return work(node, trace_.transfers.size());
}

Fault WellFormed::batch(const Node& node) {
  const bool opens = node.kind == NodeKind::begin_batch;
  if (opens && batch_) return "a batch within a batch";
  if (!opens && batch_ != node.stream) return "no batch is open on this stream";
  if (opens)
    batch_ = node.stream;
  else
    batch_.reset();
  return std::nullopt;
}

Fault WellFormed::memory(const Node& node) {
  if (node.kind == NodeKind::alloc) {
    if (node.id != storages_.size() || node.id >= kMaxStorages) return "storages must be numbered in order";
    if (auto fault = number_fault("category", node.category(), trace_.categories.size())) return fault;
    storages_.push_back({node.value, node.stream, true});
    return std::nullopt;
  }
  if (auto fault = number_fault("storage", node.id, storages_.size())) return fault;
  Storage& storage = storages_[node.id];
  const std::string name = "storage s" + std::to_string(node.id);
  if (!storage.is_alive) return name + " is not alive";
  if (storage.num_bytes != node.value || storage.stream != node.stream) return name + " was allocated differently";
  storage.is_alive = false;
  return std::nullopt;
}

Fault WellFormed::event(const Node& node) {
  if (node.kind != NodeKind::record_event) {
    if (node.id < num_events_) return std::nullopt;
    return "event e" + std::to_string(node.id) + " is not recorded yet";
  }
  if (node.id != num_events_) return "events must be numbered in order";
  ++num_events_;
  return std::nullopt;
}

Fault WellFormed::scope(const Node& node) {
  if (node.kind == NodeKind::begin_scope) {
    ++depth_;
    return number_fault("name", node.id, trace_.names.size());
  }
  if (depth_ == 0) return "no scope is open";
  --depth_;
  return std::nullopt;
}

Fault find_fault(const Trace& trace) {
  WellFormed check(trace);
  if (auto fault = check.tables()) return fault;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    if (const Fault fault = check.next(trace.nodes[i])) return "node " + std::to_string(i) + ": " + *fault;
  }
  if (const Fault fault = check.end()) return "at the end: " + *fault;
  return std::nullopt;
}

}  // namespace titan::trace
