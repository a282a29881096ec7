// The happens-before checker against its definition: all pairs of work of a random trace, with order found by search.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "sim/trace/happens_before.h"
#include "sim/trace/well_formed.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

constexpr uint8_t kNumStreams = 3;

Trace random_trace(std::mt19937& random) {
  SmallRecorder r(0, 2);
  const auto below = [&](size_t n) { return static_cast<uint32_t>(random() % n); };
  std::vector<std::pair<uint32_t, uint8_t>> alive;
  uint32_t num_events = 0;
  for (uint32_t num_nodes = 5 + below(20); num_nodes > 0; --num_nodes) {
    const uint8_t stream = static_cast<uint8_t>(below(kNumStreams));
    const uint32_t choice = below(12);
    if (choice == 0 || alive.empty()) {
      alive.push_back({r.alloc(stream, 8), stream});
    } else if (choice == 1) {
      const auto at = alive.begin() + below(alive.size());
      r.free(at->second, at->first, 8);
      alive.erase(at);
    } else if (choice < 7) {
      const Argument argument(alive[below(alive.size())].first, static_cast<Argument::Access>(1 + below(3)));
      if (below(4) > 0)
        r.work(stream, "work", {argument});
      else
        r.collect(stream, CollectiveKind::all_gather, below(2) ? "fsdp" : "tp", {0, 1}, 8, {argument});
    } else if (choice < 11) {
      const uint32_t event = below(3) == 0 && num_events > 0 ? below(num_events) : num_events;
      if (event == num_events) num_events = r.record_event(static_cast<uint8_t>(below(kNumStreams))) + 1;
      r.wait_event(stream, event);
    } else {
      r.host_sync(stream);
    }
  }
  return r.take();
}

bool is_work(const Node& node) { return node.kind == NodeKind::op || node.kind == NodeKind::collective; }

/// Which node comes after which, transitively: after[i][j] says that i waits for j.
class Order {
 public:
  explicit Order(const Trace& trace) : trace_(trace), after_(trace.nodes.size()) {
    std::vector<std::optional<size_t>> last_of_group(trace.groups.size()), event(trace.num_events);
    std::vector<std::optional<size_t>> last_on_stream(kNumStreams), host_wait(1);
    for (size_t i = 0; i < after_.size(); ++i) {
      after_[i].resize(after_.size());
      const Node& node = trace.nodes[i];
      if (node.kind == NodeKind::alloc || node.kind == NodeKind::free) continue;
      depend(i, host_wait[0]);
      depend(i, last_on_stream[node.stream]);
      if (node.kind == NodeKind::wait_event) depend(i, event[node.id]);
      if (node.kind == NodeKind::collective) {
        auto& last = last_of_group[trace.collectives[node.id].group];
        depend(i, last);
        last = i;
      }
      if (node.kind == NodeKind::record_event) event[node.id] = i;
      (node.kind == NodeKind::host_sync ? host_wait[0] : last_on_stream[node.stream]) = i;
    }
  }
  bool comes_after(size_t node, size_t earlier) const { return after_[node][earlier]; }

 private:
  void depend(size_t node, std::optional<size_t> on) {
    if (!on) return;
    after_[node][*on] = true;
    for (size_t j = 0; j < *on; ++j) after_[node][j] = after_[node][j] || after_[*on][j];
  }

  const Trace& trace_;
  std::vector<std::vector<bool>> after_;
};

// By the words of find_hazards, pair by pair.
bool has_hazard(const Trace& trace) {
  const Order order(trace);
  struct Life {
    size_t alloc = 0, free = SIZE_MAX;
    uint8_t pool = 0;
    std::vector<std::pair<size_t, Argument>> uses;
  };
  std::vector<Life> lives(trace.num_storages);
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    const Node& node = trace.nodes[i];
    if (node.kind == NodeKind::alloc) lives[node.id] = {.alloc = i, .pool = node.stream};
    if (node.kind == NodeKind::free) lives[node.id].free = i;
    if (is_work(node)) lives[trace.arguments_of(node)[0].storage()].uses.push_back({i, trace.arguments_of(node)[0]});
  }
  for (const Life& life : lives) {
    bool is_written = false;
    for (size_t a = 0; a < life.uses.size(); ++a) {
      const auto& [node, argument] = life.uses[a];
      if (!argument.writes() && !is_written) return true;
      is_written = is_written || argument.writes();
      for (size_t b = 0; b < a; ++b) {
        const bool conflicts = argument.writes() || life.uses[b].second.writes();
        if (conflicts && !order.comes_after(node, life.uses[b].first)) return true;
      }
    }
    for (const Life& before : lives) {
      if (life.uses.empty() || before.pool != life.pool || before.free > life.alloc) continue;
      for (const auto& use : before.uses) {
        if (!order.comes_after(life.uses[0].first, use.first)) return true;
      }
    }
  }
  return false;
}

TEST(HappensBefore, AgreesWithItsDefinitionOnRandomTraces) {
  std::mt19937 random(11);
  int num_clean = 0, num_checked = 0;
  for (; num_checked < 20000; ++num_checked) {
    const Trace trace = random_trace(random);
    ASSERT_EQ(find_fault(trace), std::nullopt);
    const bool expected = has_hazard(trace);
    ASSERT_EQ(!find_hazards(trace).empty(), expected) << "trace " << num_checked;
    num_clean += !expected;
  }
  EXPECT_GT(num_clean, num_checked / 20);
  EXPECT_LT(num_clean, num_checked / 2);
}

}  // namespace
}  // namespace titan::trace
