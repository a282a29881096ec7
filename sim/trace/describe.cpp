#include "sim/trace/describe.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "runtime/platform/stream.h"

namespace titan::trace {

namespace {

constexpr std::array<const char*, platform::kNumStreamRoles> kStreamNames{
    "compute", "all_gather_copy_in", "all_gather", "reduce_scatter", "all_reduce", "p2p"};
constexpr std::array<const char*, kNumCollectiveKinds> kCollectiveNames{"all_reduce", "all_gather", "reduce_scatter",
                                                                        "all_to_all", "broadcast",  "barrier"};
constexpr std::array<const char*, kNumOpClasses> kClassNames{"matmul", "attention", "memory", "tiny", "copy", "host"};

void append_shapes(std::string& text, const std::vector<std::vector<int64_t>>& shapes) {
  for (const auto& shape : shapes) {
    text += " [";
    for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    text += ']';
  }
}

void append_arguments(std::string& text, std::span<const Argument> arguments) {
  if (arguments.empty()) return;
  text += " (";
  const char* separator = "";
  for (const Argument argument : arguments) {
    text += separator;
    text += !argument.writes() ? "s" : argument.reads() ? "~s" : "=s";
    text += std::to_string(argument.storage());
    separator = ", ";
  }
  text += ')';
}

std::string transfer_text(const Trace& trace, const Node& node) {
  const TransferDescriptor& transfer = trace.transfers[node.id];
  const bool sends = node.kind == NodeKind::send;
  return std::string(sends ? "send " : "recv ") + trace.groups[transfer.group].name + (sends ? " to" : " from") +
         " rank " + std::to_string(transfer.peer) + " " + amount_text(transfer.bytes) + " B";
}

std::string what(const Trace& trace, const Node& node) {
  switch (node.kind) {
    case NodeKind::op:
      return describe(trace.ops[node.id]);
    case NodeKind::collective: {
      const CollectiveDescriptor& collective = trace.collectives[node.id];
      return describe(collective, trace.groups[collective.group]);
    }
    case NodeKind::send:
    case NodeKind::recv:
      return transfer_text(trace, node);
    case NodeKind::begin_batch:
      return "begin_batch";
    case NodeKind::end_batch:
      return "end_batch";
    case NodeKind::alloc:
      return "alloc s" + std::to_string(node.id) + " " + std::to_string(node.value) + " B " +
             trace.categories[node.category()];
    case NodeKind::free:
      return "free s" + std::to_string(node.id) + " " + std::to_string(node.value) + " B";
    case NodeKind::record_event:
      return "record e" + std::to_string(node.id);
    case NodeKind::wait_event:
      return "wait e" + std::to_string(node.id);
    case NodeKind::host_sync:
      return "host_sync";
    case NodeKind::host_wait:
      return "host_wait e" + std::to_string(node.id);
    case NodeKind::begin_scope:
      return "begin " + trace.names[node.id];
    case NodeKind::end_scope:
      return "end";
  }
  return "";
}

bool has_stream(NodeKind kind) {
  return kind != NodeKind::host_wait && kind != NodeKind::begin_scope && kind != NodeKind::end_scope;
}

}  // namespace

std::string stream_name(uint8_t stream) {
  if (stream == kHostStream) return "host";
  if (stream == kPinnedPool) return "pinned_host";
  return stream < kStreamNames.size() ? kStreamNames[stream] : "stream" + std::to_string(stream);
}

std::string_view to_text(CollectiveKind kind) { return kCollectiveNames.at(static_cast<size_t>(kind)); }
std::string_view to_text(OpClass op_class) { return kClassNames.at(static_cast<size_t>(op_class)); }

std::string amount_text(double value) {
  char text[64];
  const bool is_whole = value == std::floor(value) && std::abs(value) < 1e17;
  std::snprintf(text, sizeof text, is_whole ? "%.0f" : "%.17g", value);
  return text;
}

std::string describe(const OpDescriptor& op) {
  std::string text = op.name;
  if (!op.dtype.empty()) text += " " + op.dtype;
  append_shapes(text, op.inputs);
  text += " ->";
  append_shapes(text, op.outputs);
  return text;
}

std::string describe(const CollectiveDescriptor& collective, const Group& group) {
  return std::string(to_text(collective.kind)) + " " + group.name + "(" + std::to_string(group.ranks.size()) + ") " +
         collective.dtype + " " + amount_text(collective.bytes) + " B";
}

std::string scope_path(const Trace& trace, size_t node) {
  std::vector<uint32_t> scopes;
  for (size_t i = 0; i < node && i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].kind == NodeKind::begin_scope) scopes.push_back(trace.nodes[i].id);
    if (trace.nodes[i].kind == NodeKind::end_scope) scopes.pop_back();
  }
  std::string text;
  for (const uint32_t name : scopes) text += (text.empty() ? "" : " / ") + trace.names[name];
  return text;
}

std::string describe(const Trace& trace, const Node& node) {
  std::string text = what(trace, node);
  append_arguments(text, trace.arguments_of(node));
  if (has_stream(node.kind)) text += " @" + stream_name(node.stream);
  return text;
}

}  // namespace titan::trace
