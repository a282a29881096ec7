#include <bit>

#include "runtime/config/check.h"
#include "sim/trace/byte_form.h"
#include "sim/trace/trace_file.h"
#include "sim/trace/well_formed.h"

namespace titan::trace {

namespace {

class Writer {
 public:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  void amount(double value) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(bits >> shift));
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void raw(std::string_view value) { bytes_ += value; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

void write_shapes(Writer& out, const std::vector<std::vector<int64_t>>& shapes) {
  out.number(shapes.size());
  for (const auto& shape : shapes) {
    out.number(shape.size());
    for (const int64_t extent : shape) out.number(static_cast<uint64_t>(extent));
  }
}

void write_op(Writer& out, const OpDescriptor& op) {
  out.text(op.name);
  out.text(op.dtype);
  write_shapes(out, op.inputs);
  write_shapes(out, op.outputs);
  out.number(static_cast<uint64_t>(op.op_class) << 1 | static_cast<uint64_t>(op.is_causal));
  for (const int64_t extent : op.extents) out.number(zigzag(extent));
  out.amount(op.flops);
  out.amount(op.bytes_read);
  out.amount(op.bytes_written);
}

void write_tables(Writer& out, const Trace& trace) {
  out.number(trace.names.size());
  for (const std::string& name : trace.names) out.text(name);
  out.number(trace.categories.size());
  for (const std::string& category : trace.categories) out.text(category);
  out.number(trace.groups.size());
  for (const Group& group : trace.groups) {
    out.text(group.name);
    out.number(group.ranks.size());
    for (const int32_t rank : group.ranks) out.number(static_cast<uint64_t>(rank));
  }
  out.number(trace.ops.size());
  for (const OpDescriptor& op : trace.ops) write_op(out, op);
  out.number(trace.collectives.size());
  for (const CollectiveDescriptor& collective : trace.collectives) {
    out.number(static_cast<uint64_t>(collective.kind));
    out.number(collective.group);
    out.text(collective.dtype);
    out.amount(collective.bytes);
  }
  out.number(trace.transfers.size());
  for (const TransferDescriptor& transfer : trace.transfers) {
    out.number(transfer.group);
    out.number(static_cast<uint64_t>(transfer.peer));
    out.amount(transfer.bytes);
  }
}

// Storages and events are written as distances from the newest, which are small.
void write_node(Writer& out, const Trace& trace, const Node& node, uint32_t num_storages, uint32_t num_events) {
  out.byte(static_cast<uint8_t>(static_cast<int>(node.kind) << 4 | node.stream));
  switch (node.kind) {
    case NodeKind::op:
    case NodeKind::collective:
    case NodeKind::send:
    case NodeKind::recv:
      out.number(node.id);
      out.number(node.num_arguments);
      for (const Argument argument : trace.arguments_of(node))
        out.number(static_cast<uint64_t>(num_storages - argument.storage()) << 2 |
                   static_cast<uint64_t>(argument.access()));
      break;
    case NodeKind::alloc:
      out.number(node.category());
      out.number(node.value);
      break;
    case NodeKind::free:
      out.number(num_storages - node.id);
      break;
    case NodeKind::wait_event:
    case NodeKind::host_wait:
      out.number(num_events - node.id);
      break;
    case NodeKind::begin_scope:
      out.number(node.id);
      break;
    default:
      break;
  }
}

}  // namespace

std::string encode(const Trace& trace) {
  const auto fault = find_fault(trace);
  config::check(!fault, "encode: the trace must be well formed: ", fault.value_or(""));
  Writer out;
  out.raw(kMagic);
  out.number(kTraceVersion);
  out.number(static_cast<uint64_t>(trace.rank));
  out.number(static_cast<uint64_t>(trace.world_size));
  write_tables(out, trace);
  out.number(trace.nodes.size());
  uint32_t num_storages = 0, num_events = 0;
  for (const Node& node : trace.nodes) {
    write_node(out, trace, node, num_storages, num_events);
    num_storages += node.kind == NodeKind::alloc;
    num_events += node.kind == NodeKind::record_event;
  }
  return out.take();
}

}  // namespace titan::trace
