#include "sim/trace/categories.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/platform/memory_category.h"
#include "sim/trace/recorder.h"

namespace titan::trace {
namespace {

using platform::MemoryCategory;

constexpr uint32_t kNone = UINT32_MAX;

uint16_t number_of(Trace& trace, std::string_view category) {
  auto& names = trace.categories;
  const auto found = std::find(names.begin(), names.end(), category);
  if (found != names.end()) return static_cast<uint16_t>(found - names.begin());
  names.emplace_back(category);
  return static_cast<uint16_t>(names.size() - 1);
}

/// Reads a trace once and decides about each storage when it dies, or at the end.
class Assignment {
 public:
  explicit Assignment(Trace& trace)
      : trace_(trace),
        untagged_(number_of(trace, kUntagged)),
        gradients_(number_of(trace, to_text(MemoryCategory::gradients))),
        optimizer_(number_of(trace, to_text(MemoryCategory::optimizer))),
        logits_(number_of(trace, to_text(MemoryCategory::logits_and_loss))),
        activations_(number_of(trace, kActivations)),
        temporary_(number_of(trace, kTemporary)) {
    births_.reserve(trace.num_storages);
  }

  void run() {
    for (size_t i = 0; i < trace_.nodes.size(); ++i) visit(i);
    for (uint32_t storage = 0; storage < births_.size(); ++storage) {
      if (births_[storage].is_alive) decide(storage);
    }
  }

 private:
  struct Scope {
    bool is_backward;
    bool is_open;
  };
  struct Birth {
    size_t node;
    uint32_t scope;     // the innermost, by number of its begin
    uint32_t backward;  // the innermost of that name
    bool is_alive = true;
  };

  void visit(size_t index) {
    const Node& node = trace_.nodes[index];
    switch (node.kind) {
      case NodeKind::begin_scope:
        open_.push_back(static_cast<uint32_t>(scopes_.size()));
        scopes_.push_back({trace_.names[node.id] == "backward", true});
        return;
      case NodeKind::end_scope:
        scopes_[open_.back()].is_open = false;
        open_.pop_back();
        return;
      case NodeKind::alloc:
        births_.push_back({index, open_.empty() ? kNone : open_.back(), open_backward()});
        return;
      case NodeKind::free:
        return die(node.id);
      case NodeKind::op:
        return spread_logits(node);
      default:
        return;
    }
  }

  uint32_t open_backward() const {
    const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](uint32_t i) { return scopes_[i].is_backward; });
    return found == open_.rend() ? kNone : *found;
  }

  // Only the first two kinds of field of an alloc node are storage and category.
  uint16_t& category(uint32_t storage) { return trace_.nodes[births_[storage].node].num_arguments; }

  void spread_logits(const Node& node) {
    const auto arguments = trace_.arguments_of(node);
    const bool makes_loss = std::any_of(arguments.begin(), arguments.end(), [&](Argument argument) {
      return argument.writes() && category(argument.storage()) == logits_;
    });
    if (!makes_loss) return;
    for (const Argument argument : arguments) {
      if (argument.reads() && category(argument.storage()) == untagged_) category(argument.storage()) = logits_;
    }
  }

  bool is_closed(uint32_t scope) const { return scope != kNone && !scopes_[scope].is_open; }

  void die(uint32_t storage) {
    if (category(storage) == optimizer_) category(storage) = temporary_;
    decide(storage);
    births_[storage].is_alive = false;
  }

  void decide(uint32_t storage) {
    if (category(storage) != untagged_) return;
    const Birth& born = births_[storage];
    category(storage) = is_closed(born.backward) ? gradients_ : is_closed(born.scope) ? activations_ : temporary_;
  }

  Trace& trace_;
  const uint16_t untagged_, gradients_, optimizer_, logits_, activations_, temporary_;
  std::vector<Scope> scopes_;
  std::vector<uint32_t> open_;
  std::vector<Birth> births_;
};

}  // namespace

void assign_categories(Trace& trace) { Assignment(trace).run(); }

}  // namespace titan::trace
