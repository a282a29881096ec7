#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/trace/descriptor.h"
#include "sim/trace/node.h"

namespace titan::trace {

/// What one rank did, in the order in which its host issued it. A value: complete, comparable, writable to files. Holds
/// no times; replay gives them.
struct Trace {
  int32_t rank = 0;
  int32_t world_size = 1;
  std::vector<Node> nodes;
  std::vector<Argument> arguments;  // pool
  std::vector<OpDescriptor> ops;
  std::vector<CollectiveDescriptor> collectives;
  std::vector<TransferDescriptor> transfers;
  std::vector<Group> groups;
  std::vector<std::string> names;       // of scopes
  std::vector<std::string> categories;  // what storages are for: "parameters"; the first is for those without a tag
  uint32_t num_storages = 0;
  uint32_t num_events = 0;

  /// The storages that an op, collective or transfer touches; empty for other nodes.
  std::span<const Argument> arguments_of(const Node& node) const {
    if (node.num_arguments == 0 || node.kind == NodeKind::alloc) return {};
    return std::span(arguments).subspan(node.value, node.num_arguments);
  }
  bool operator==(const Trace&) const = default;
};

}  // namespace titan::trace
