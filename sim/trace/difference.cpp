#include "sim/trace/difference.h"

#include <algorithm>

#include "sim/trace/describe.h"

namespace titan::trace {

namespace {

bool same_collective(const Trace& a, const CollectiveDescriptor& x, const Trace& b, const CollectiveDescriptor& y) {
  return x.kind == y.kind && x.dtype == y.dtype && x.bytes == y.bytes && a.groups[x.group] == b.groups[y.group];
}

bool same_transfer(const Trace& a, const TransferDescriptor& x, const Trace& b, const TransferDescriptor& y) {
  return x.peer == y.peer && x.bytes == y.bytes && a.groups[x.group] == b.groups[y.group];
}

// Compares by meaning each pair of descriptors that nodes of the two traces use; pairs seen before cost one look-up.
class Comparison {
 public:
  Comparison(const Trace& a, const Trace& b)
      : a_(a), b_(b), same_op_(a.ops.size(), kUnknown), same_name_(a.names.size(), kUnknown) {}

  bool same(const Node& x, const Node& y) {
    if (x.kind != y.kind || x.stream != y.stream) return false;
    switch (x.kind) {
      case NodeKind::alloc:
        return x.id == y.id && x.value == y.value && a_.categories[x.category()] == b_.categories[y.category()];
      case NodeKind::op:
        return same_arguments(x, y) && same_entry(same_op_, a_.ops, x.id, b_.ops, y.id);
      case NodeKind::collective:
        return same_arguments(x, y) && same_collective(a_, a_.collectives[x.id], b_, b_.collectives[y.id]);
      case NodeKind::send:
      case NodeKind::recv:
        return same_arguments(x, y) && same_transfer(a_, a_.transfers[x.id], b_, b_.transfers[y.id]);
      case NodeKind::begin_scope:
        return same_entry(same_name_, a_.names, x.id, b_.names, y.id);
      default:
        return x.id == y.id && x.value == y.value;
    }
  }

 private:
  static constexpr uint32_t kUnknown = UINT32_MAX;

  bool same_arguments(const Node& x, const Node& y) const {
    return std::ranges::equal(a_.arguments_of(x), b_.arguments_of(y));
  }

  template <class T>
  static bool same_entry(std::vector<uint32_t>& known, const std::vector<T>& a, uint32_t x, const std::vector<T>& b,
                         uint32_t y) {
    if (known[x] == y) return true;
    if (!(a[x] == b[y])) return false;
    known[x] = y;
    return true;
  }

  const Trace& a_;
  const Trace& b_;
  std::vector<uint32_t> same_op_, same_name_;  // number in a -> equal one in b
};

std::string place(const Trace& trace, size_t node) {
  const std::string path = scope_path(trace, node);
  return "node " + std::to_string(node) + (path.empty() ? "" : " in " + path);
}

// What a line of text does not show of an operation.
std::string hidden_part(const Trace& trace, const Node& node) {
  if (node.kind != NodeKind::op) return "";
  const OpDescriptor& op = trace.ops[node.id];
  std::string text = " (" + std::string(to_text(op.op_class)) + (op.is_causal ? " causal" : "") + ", extents";
  for (const int64_t extent : op.extents) text += " " + std::to_string(extent);
  return text + ", " + amount_text(op.flops) + " FLOP, reads " + amount_text(op.bytes_read) + " B, writes " +
         amount_text(op.bytes_written) + " B)";
}

std::string group_text(const Trace& trace, const Node& node) {
  const bool is_collective = node.kind == NodeKind::collective;
  if (!is_collective && node.kind != NodeKind::send && node.kind != NodeKind::recv) return "";
  const uint32_t group = is_collective ? trace.collectives[node.id].group : trace.transfers[node.id].group;
  std::string text = " (ranks";
  for (const int32_t rank : trace.groups[group].ranks) text += " " + std::to_string(rank);
  return text + ")";
}

std::string node_text(const Trace& trace, size_t index, bool in_full) {
  if (index >= trace.nodes.size()) return "the end";
  const Node& node = trace.nodes[index];
  const std::string rest = in_full ? hidden_part(trace, node) + group_text(trace, node) : "";
  return "'" + describe(trace, node) + rest + "'";
}

}  // namespace

std::optional<std::string> first_difference(const Trace& a, const Trace& b) {
  if (a.rank != b.rank || a.world_size != b.world_size)
    return "rank " + std::to_string(a.rank) + " of " + std::to_string(a.world_size) + " against rank " +
           std::to_string(b.rank) + " of " + std::to_string(b.world_size);
  Comparison comparison(a, b);
  const size_t num_common = std::min(a.nodes.size(), b.nodes.size());
  size_t index = 0;
  while (index < num_common && comparison.same(a.nodes[index], b.nodes[index])) ++index;
  if (index == a.nodes.size() && index == b.nodes.size()) return std::nullopt;
  const bool in_full = node_text(a, index, false) == node_text(b, index, false);
  return place(a, index) + ": " + node_text(a, index, in_full) + " against " + node_text(b, index, in_full);
}

}  // namespace titan::trace
