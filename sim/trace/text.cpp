#include "sim/trace/text.h"

#include "sim/trace/describe.h"

namespace titan::trace {

namespace {

void append_nodes(std::string& text, const Trace& trace, const TextOptions& options) {
  size_t depth = 1;
  for (const Node& node : trace.nodes) {
    const bool is_memory = node.kind == NodeKind::alloc || node.kind == NodeKind::free;
    if (is_memory && !options.memory) continue;
    if (node.kind == NodeKind::end_scope) {
      --depth;
      continue;
    }
    text.append(2 * depth, ' ');
    if (node.kind == NodeKind::begin_scope) {
      text += trace.names[node.id] + ":\n";
      ++depth;
    } else {
      text += describe(trace, node) + "\n";
    }
  }
}

void append_descriptors(std::string& text, const Trace& trace) {
  std::vector<size_t> num_uses(trace.ops.size());
  for (const Node& node : trace.nodes) num_uses[node.kind == NodeKind::op ? node.id : 0] += node.kind == NodeKind::op;
  text += "operations:\n";
  for (size_t i = 0; i < trace.ops.size(); ++i) {
    const OpDescriptor& op = trace.ops[i];
    text += "  " + std::to_string(num_uses[i]) + " x " + describe(op) + ": " + std::string(to_text(op.op_class)) +
            (op.is_causal ? " causal" : "") + ", " + amount_text(op.flops) + " FLOP, reads " +
            amount_text(op.bytes_read) + " B, writes " + amount_text(op.bytes_written) + " B\n";
  }
}

}  // namespace

std::string to_text(const Trace& trace, const TextOptions& options) {
  std::string text = "rank " + std::to_string(trace.rank) + " of " + std::to_string(trace.world_size) + ":\n";
  append_nodes(text, trace, options);
  if (options.descriptors && !trace.ops.empty()) append_descriptors(text, trace);
  return text;
}

}  // namespace titan::trace
