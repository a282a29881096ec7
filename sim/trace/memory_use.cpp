#include "sim/trace/memory_use.h"

#include <algorithm>
#include <optional>

#include "runtime/platform/memory_category.h"

namespace titan::trace {
namespace {

constexpr std::array<const char*, kNumMemoryUses> kNames{
    "parameters", "gradients", "optimizer", "fsdp_buffers", "logits_and_loss", "activations", "temporary"};
constexpr uint32_t kNone = UINT32_MAX;

std::optional<MemoryUse> claim_of(std::string_view scope) {
  const auto& names = platform::kMemoryScopes;
  const auto found = std::find(names.begin(), names.end(), scope);
  if (found == names.end()) return std::nullopt;
  return static_cast<MemoryUse>(found - names.begin());
}

/// Reads a trace once and decides about each storage when it dies, or at the end.
class UseFinder {
 public:
  explicit UseFinder(const Trace& trace) : trace_(trace), uses_(trace.num_storages, MemoryUse::temporary) {
    for (const auto& name : trace.names) claims_.push_back(claim_of(name));
  }

  std::vector<MemoryUse> run() {
    for (const Node& node : trace_.nodes) visit(node);
    for (uint32_t storage = 0; storage < births_.size(); ++storage) {
      if (births_[storage].is_alive) decide(storage);
    }
    return std::move(uses_);
  }

 private:
  struct Scope {
    uint32_t name;
    bool is_open;
  };
  /// The scopes, by number of their begin, that a storage was born in.
  struct Birth {
    uint32_t innermost = kNone;
    uint32_t claiming = kNone;
    uint32_t backward = kNone;
    bool is_alive = true;
    bool is_read_by_loss = false;
  };

  void visit(const Node& node) {
    switch (node.kind) {
      case NodeKind::begin_scope:
        open_.push_back(static_cast<uint32_t>(scopes_.size()));
        scopes_.push_back({node.id, true});
        return;
      case NodeKind::end_scope:
        scopes_[open_.back()].is_open = false;
        open_.pop_back();
        return;
      case NodeKind::alloc:
        births_.push_back(birth());
        return;
      case NodeKind::free:
        decide(node.id);
        births_[node.id].is_alive = false;
        return;
      case NodeKind::op:
        if (claim_here() == MemoryUse::logits_and_loss) note_reads(node);
        return;
      default:
        return;
    }
  }

  uint32_t find_open(bool (*wanted)(const UseFinder&, uint32_t name)) const {
    const auto found =
        std::find_if(open_.rbegin(), open_.rend(), [&](uint32_t i) { return wanted(*this, scopes_[i].name); });
    return found == open_.rend() ? kNone : *found;
  }

  Birth birth() const {
    return {.innermost = find_open([](const UseFinder& f, uint32_t name) { return !f.claims_[name]; }),
            .claiming = find_open([](const UseFinder& f, uint32_t name) { return f.claims_[name].has_value(); }),
            .backward = find_open([](const UseFinder& f, uint32_t name) { return f.trace_.names[name] == "backward"; })};
  }

  std::optional<MemoryUse> claim_here() const {
    return open_.empty() ? std::nullopt : claims_[scopes_[open_.back()].name];
  }

  void note_reads(const Node& node) {
    for (const Argument argument : trace_.arguments_of(node)) {
      if (argument.reads()) births_[argument.storage()].is_read_by_loss = true;
    }
  }

  bool is_closed(uint32_t scope) const { return scope != kNone && !scopes_[scope].is_open; }

  void decide(uint32_t storage) {
    const Birth& born = births_[storage];
    MemoryUse& use = uses_[storage];
    if (born.claiming != kNone) {
      use = *claims_[scopes_[born.claiming].name];
      if (use == MemoryUse::optimizer && !is_closed(born.claiming)) use = MemoryUse::temporary;
    } else if (is_closed(born.backward)) {
      use = MemoryUse::gradients;
    } else if (born.is_read_by_loss) {
      use = MemoryUse::logits_and_loss;
    } else if (is_closed(born.innermost)) {
      use = MemoryUse::activations;
    } else {
      use = MemoryUse::temporary;
    }
  }

  const Trace& trace_;
  std::vector<MemoryUse> uses_;
  std::vector<std::optional<MemoryUse>> claims_;  // by name
  std::vector<Scope> scopes_;
  std::vector<uint32_t> open_;
  std::vector<Birth> births_;
};

}  // namespace

std::string_view to_text(MemoryUse use) { return kNames.at(static_cast<size_t>(use)); }

std::vector<MemoryUse> find_memory_uses(const Trace& trace) { return UseFinder(trace).run(); }

MemoryPeak find_memory_peak(const Trace& trace, const std::vector<MemoryUse>& uses, size_t begin, size_t end) {
  MemoryPeak now, peak;
  for (size_t i = 0; i < std::min(end, trace.nodes.size()); ++i) {
    const Node& node = trace.nodes[i];
    if (node.kind == NodeKind::alloc || node.kind == NodeKind::free) {
      uint64_t& bytes = now.bytes[static_cast<size_t>(uses[node.id])];
      const bool comes = node.kind == NodeKind::alloc;
      bytes = comes ? bytes + node.value : bytes - node.value;
      now.total_bytes = comes ? now.total_bytes + node.value : now.total_bytes - node.value;
    }
    if (i < begin || now.total_bytes <= peak.total_bytes) continue;
    peak = now;
    peak.node = i;
  }
  return peak;
}

}  // namespace titan::trace
