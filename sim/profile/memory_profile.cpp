#include "sim/profile/memory_profile.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/memory/caching_allocator.h"
#include "sim/trace/describe.h"

namespace titan::profile {

namespace {

using trace::Node;
using trace::NodeKind;

/// What is highest over a stretch of nodes. Categories are noted only when memory is about to fall from a height: it
/// rises far more often than it falls from one that is new.
struct Height {
  MemoryPoint point;
  uint64_t reserved_bytes = 0, requested_bytes = 0;
  bool is_set = false;
  bool is_to_note = false;
};

/// Host memory: what is alive, and the most of it over two stretches of nodes.
class HostCount {
 public:
  explicit HostCount(size_t num_categories) { now_.by_category.resize(num_categories); }

  static uint64_t held_bytes(const Node& node) {
    return node.stream == trace::kPinnedPool ? std::bit_ceil(node.value) : node.value;
  }
  void alloc(const Node& node) {
    now_.bytes += held_bytes(node);
    now_.by_category[node.category()] += held_bytes(node);
    if (now_.bytes > whole.bytes) whole = now_;
    if (now_.bytes > step.bytes) step = now_;
  }
  void free(const Node& node, uint16_t category) {
    now_.bytes -= held_bytes(node);
    now_.by_category[category] -= held_bytes(node);
  }
  void begin_step() { step = now_; }

  HostPoint whole, step;

 private:
  HostPoint now_;
};

class Profiler {
 public:
  Profiler(const trace::Trace& trace, const memory::AllocatorOptions& allocator, const ProfileOptions& options)
      : trace_(trace),
        options_(options),
        allocator_(allocator, events_),
        all_(allocator_.stats().all),
        blocks_(trace.num_storages, memory::kNoBlock),
        category_of_(trace.num_storages),
        by_category_(trace.categories.size()),
        host_(trace.categories.size()) {}

  MemoryProfile run() {
    bool is_enough = true;
    for (size_t i = 0; i < trace_.nodes.size() && is_enough; ++i) is_enough = visit(i);
    if (depth_ > 0) end_step();
    profile_.whole = span(whole_);
    profile_.whole.host = host_.whole;
    profile_.stats = allocator_.stats();
    return std::move(profile_);
  }

 private:
  // Whether there was memory for it.
  bool visit(size_t index) {
    const Node& node = trace_.nodes[index];
    switch (node.kind) {
      case NodeKind::alloc:
        return alloc(index, node);
      case NodeKind::free:
        free(node);
        return true;
      case NodeKind::begin_scope:
        if (options_.keep_curve) add_to_curve(index);
        if (depth_++ == 0) begin_step(index);
        return true;
      case NodeKind::end_scope:
        if (options_.keep_curve) add_to_curve(index);
        if (--depth_ == 0) end_step();
        return true;
      default:
        return true;
    }
  }

  bool alloc(size_t index, const Node& node) {
    category_of_[node.id] = node.category();
    if (trace::is_host_pool(node.stream)) {
      host_.alloc(node);
      return true;
    }
    try {
      blocks_[node.id] = allocator_.malloc(node.value, node.stream);
    } catch (const memory::OutOfMemoryError& error) {
      profile_.shortage = {error.facts(), index, trace::scope_path(trace_, index), trace_.categories[node.category()]};
      return false;
    }
    if (blocks_[node.id] == memory::kNoBlock) return true;
    by_category_[node.category()] += allocator_.size(blocks_[node.id]);
    reach(whole_, index);
    if (depth_ > 0) reach(step_, index);
    if (options_.keep_curve) reach(stretch_, index);
    return true;
  }

  void free(const Node& node) {
    if (trace::is_host_pool(node.stream)) return host_.free(node, category_of_[node.id]);
    const memory::BlockId block = blocks_[node.id];
    if (block == memory::kNoBlock) return;
    for (Height* height : {&whole_, &step_, &stretch_}) note(*height);
    by_category_[category_of_[node.id]] -= allocator_.size(block);
    allocator_.free(block);
  }

  void begin_step(size_t index) {
    step_ = {};
    reach(step_, index);
    host_.begin_step();
    step_name_ = trace_.nodes[index].id;
  }
  void end_step() {
    profile_.steps.push_back(span(step_));
    profile_.steps.back().name = trace_.names[step_name_];
    profile_.steps.back().host = host_.step;
  }

  void reach(Height& height, size_t index) {
    height.reserved_bytes = std::max(height.reserved_bytes, static_cast<uint64_t>(all_.reserved_bytes.current));
    height.requested_bytes = std::max(height.requested_bytes, static_cast<uint64_t>(all_.requested_bytes.current));
    const auto allocated = static_cast<uint64_t>(all_.allocated_bytes.current);
    if (height.is_set && allocated <= height.point.allocated_bytes) return;
    height.point.node = index;
    height.point.allocated_bytes = allocated;
    height.is_set = height.is_to_note = true;
  }
  void note(Height& height) {
    if (!height.is_to_note) return;
    height.is_to_note = false;
    height.point = point(height.point.node);
  }

  MemoryPoint point(size_t index) const {
    return {index, static_cast<uint64_t>(all_.allocated_bytes.current),
            static_cast<uint64_t>(all_.reserved_bytes.current), by_category_};
  }

  MemorySpan span(Height& height) {
    note(height);
    if (!height.is_set) height.point.by_category = by_category_;
    return {.peak = height.point,
            .scope = trace::scope_path(trace_, height.point.node),
            .peak_reserved_bytes = height.reserved_bytes,
            .peak_requested_bytes = height.requested_bytes,
            .end_allocated_bytes = static_cast<uint64_t>(all_.allocated_bytes.current),
            .end_reserved_bytes = static_cast<uint64_t>(all_.reserved_bytes.current)};
  }

  void add_to_curve(size_t index) {
    note(stretch_);
    const MemoryPoint now = point(index);
    const uint64_t before = profile_.curve.empty() ? 0 : profile_.curve.back().allocated_bytes;
    if (stretch_.point.allocated_bytes > std::max(before, now.allocated_bytes))
      profile_.curve.push_back(stretch_.point);
    profile_.curve.push_back(now);
    stretch_ = {};
  }

  const trace::Trace& trace_;
  const ProfileOptions& options_;
  memory::CompletedEvents events_;
  memory::CachingAllocator allocator_;
  const memory::PoolStats& all_;
  std::vector<memory::BlockId> blocks_;  // by storage
  std::vector<uint16_t> category_of_;    // by storage
  std::vector<uint64_t> by_category_;    // allocated now
  HostCount host_;
  size_t depth_ = 0;
  uint32_t step_name_ = 0;
  Height whole_, step_, stretch_;
  MemoryProfile profile_;
};

}  // namespace

MemoryProfile profile_memory(const trace::Trace& trace, const memory::AllocatorOptions& allocator,
                             const ProfileOptions& options) {
  return Profiler(trace, allocator, options).run();
}

}  // namespace titan::profile
