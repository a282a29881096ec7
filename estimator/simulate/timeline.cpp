#include "estimator/simulate/timeline.h"

#include <array>
#include <string>

#include "runtime/platform/stream.h"
#include "sim/trace/node.h"

namespace titan::estimator {
namespace {

using trace::NodeKind;

constexpr double kGap_s = 20e-6;  // work that follows within it is drawn as one
constexpr const char* kLaneNames[] = {"compute",        "all-gather copy", "all-gather",
                                      "reduce-scatter", "all-reduce",      "transfers"};
static_assert(std::size(kLaneNames) == platform::kNumStreamRoles);
constexpr const char* kClassNames[] = {"matmul", "attention", "memory", "tiny", "communication", "host"};
static_assert(std::size(kClassNames) == trace::kNumOpClasses);

bool is_work(NodeKind kind) {
  return kind == NodeKind::op || kind == NodeKind::collective || kind == NodeKind::send || kind == NodeKind::recv;
}

/// Walks a trace and draws what lies in its last scope at the top.
class Drawing {
 public:
  Drawing(const trace::Trace& trace, const replay::RoleTimes& times) : trace_(trace), times_(times) {
    lanes_.push_back({.name = "host", .spans = {}});
    for (const char* name : kLaneNames) lanes_.push_back({.name = name, .spans = {}});
  }

  std::vector<Lane> run() {
    for (size_t i = first_node(); i < trace_.nodes.size(); ++i) visit(i);
    std::erase_if(lanes_, [](const Lane& lane) { return lane.spans.empty(); });
    return std::move(lanes_);
  }

 private:
  struct Scope {
    std::string path;
    double begin_s = 0.0;
  };

  size_t first_node() const {
    size_t first = 0, depth = 0;
    for (size_t i = 0; i < trace_.nodes.size(); ++i) {
      const auto kind = trace_.nodes[i].kind;
      if (kind == NodeKind::begin_scope && depth++ == 0) first = i;
      if (kind == NodeKind::end_scope) --depth;
    }
    return first;
  }

  double since_begin(double time_s) const { return time_s - times_.steps.back().begin_s; }

  void visit(size_t index) {
    const auto& node = trace_.nodes[index];
    const auto& time = times_.timeline[index];
    if (node.kind == NodeKind::begin_scope) {
      const auto& name = trace_.names[node.id];
      scopes_.push_back({scopes_.size() < 2 ? name : scopes_.back().path + " / " + name, time.issue_s});
    } else if (node.kind == NodeKind::end_scope) {
      if (scopes_.size() > 1) add(lanes_[0], scopes_.back().begin_s, time.issue_s, scopes_.back().path, "host");
      if (!scopes_.empty()) scopes_.pop_back();
    } else if (node.stream == trace::kHostStream && node.kind == NodeKind::op) {
      add(lanes_[0], time.start_s, time.end_s, trace_.ops[node.id].name, "host");
    } else if (is_work(node.kind) && node.stream < platform::kNumStreamRoles) {
      const bool is_op = node.kind == NodeKind::op;
      const char* kind = is_op ? kClassNames[static_cast<size_t>(trace_.ops[node.id].op_class)] : "communication";
      add(lanes_[node.stream + 1], time.start_s, time.end_s, scopes_.empty() ? "" : scopes_.back().path, kind);
    }
  }

  void add(Lane& lane, double begin_s, double end_s, const std::string& name, const char* kind) {
    begin_s = since_begin(begin_s), end_s = since_begin(end_s);
    if (!lane.spans.empty()) {
      auto& last = lane.spans.back();
      if (last.kind == kind && last.name == name && begin_s >= last.begin_s && begin_s - last.end_s < kGap_s) {
        last.end_s = std::max(last.end_s, end_s);
        return;
      }
    }
    lane.spans.push_back({.begin_s = begin_s, .end_s = end_s, .name = name, .kind = kind});
  }

  const trace::Trace& trace_;
  const replay::RoleTimes& times_;
  std::vector<Lane> lanes_;
  std::vector<Scope> scopes_;
};

}  // namespace

std::vector<Lane> step_timeline(const trace::Trace& trace, const replay::RoleTimes& times) {
  return Drawing(trace, times).run();
}

}  // namespace titan::estimator
