#include "sim/trace/renumber.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace titan::trace {
namespace {

/// Moves the entries of a table to a new one as they are asked for.
template <class Entry>
class Renumbering {
 public:
  explicit Renumbering(std::vector<Entry>& table)
      : table_(table), old_(std::exchange(table, {})), numbers_(old_.size(), kNone) {}

  uint32_t operator()(uint32_t old) {
    if (numbers_[old] == kNone) {
      numbers_[old] = static_cast<uint32_t>(table_.size());
      table_.push_back(std::move(old_[old]));
    }
    return numbers_[old];
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  std::vector<Entry>& table_;
  std::vector<Entry> old_;
  std::vector<uint32_t> numbers_;
};

}  // namespace

void renumber_by_use(Trace& trace) {
  Renumbering ops(trace.ops);
  Renumbering collectives(trace.collectives);
  Renumbering transfers(trace.transfers);
  Renumbering names(trace.names);
  for (Node& node : trace.nodes) {
    switch (node.kind) {
      case NodeKind::op:
        node.id = ops(node.id);
        break;
      case NodeKind::collective:
        node.id = collectives(node.id);
        break;
      case NodeKind::send:
      case NodeKind::recv:
        node.id = transfers(node.id);
        break;
      case NodeKind::begin_scope:
        node.id = names(node.id);
        break;
      default:
        break;
    }
  }
}

}  // namespace titan::trace
