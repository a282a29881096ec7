#include "sim/trace/well_formed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/sim/trace/small_traces.h"

namespace titan::trace {
namespace {

size_t first(const Trace& trace, NodeKind kind) {
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].kind == kind) return i;
  }
  ADD_FAILURE() << "no such node";
  return 0;
}

Node& node_of(Trace& trace, NodeKind kind) { return trace.nodes[first(trace, kind)]; }
void insert(Trace& trace, size_t at, Node node) {
  trace.nodes.insert(trace.nodes.begin() + static_cast<std::ptrdiff_t>(at), node);
}

struct Case {
  std::string fault;
  std::function<void(Trace&)> damage;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"rank 9 of a world of 4", [](Trace& t) { t.rank = 9; }},
      {"group 0: a rank is in it twice",
       [](Trace& t) {
         t.groups[0].ranks = {1, 1};
       }},
      {"group 0: a rank is not in the world",
       [](Trace& t) {
         t.groups[0].ranks = {1, 4};
       }},
      {"group 0: this rank is not in it",
       [](Trace& t) {
         t.groups[0].ranks = {0, 2};
       }},
      {"operation 1: a negative extent", [](Trace& t) { t.ops[1].inputs[0][0] = -1; }},
      {"operation 1: FLOPs and bytes", [](Trace& t) { t.ops[1].flops = NAN; }},
      {"operation 1: no such class", [](Trace& t) { t.ops[1].op_class = static_cast<OpClass>(kNumOpClasses); }},
      {"collective 0: no such group", [](Trace& t) { t.collectives[0].group = 2; }},
      {"collective 0: bytes must", [](Trace& t) { t.collectives[0].bytes = -1; }},
      {"collective 0: no such kind", [](Trace& t) { t.collectives[0].kind = static_cast<CollectiveKind>(6); }},
      {"transfer 0: no such group", [](Trace& t) { t.transfers[0].group = 7; }},
      {"transfer 0: the peer is not another rank", [](Trace& t) { t.transfers[0].peer = 1; }},
      {"transfer 1: bytes must", [](Trace& t) { t.transfers[1].bytes = INFINITY; }},
      {"no such kind of node", [](Trace& t) { t.nodes[0].kind = static_cast<NodeKind>(kNumNodeKinds); }},
      {"stream 16 is not one of 16", [](Trace& t) { node_of(t, NodeKind::op).stream = 16; }},
      {"a field that this kind", [](Trace& t) { node_of(t, NodeKind::host_sync).value = 1; }},
      {"descriptor 2 is not one of 2", [](Trace& t) { node_of(t, NodeKind::op).id = 2; }},
      {"arguments out of order", [](Trace& t) { node_of(t, NodeKind::op).value = 1; }},
      {"arguments out of order", [](Trace& t) { t.arguments.pop_back(); }},
      {"neither read nor written", [](Trace& t) { t.arguments[0] = Argument(0, Argument::Access{}); }},
      {"storage 9 is not one of", [](Trace& t) { t.arguments[0] = reads(9); }},
      {"storage s2 is not alive", [](Trace& t) { insert(t, first(t, NodeKind::free), node_of(t, NodeKind::free)); }},
      {"storages must be numbered in order", [](Trace& t) { t.nodes[1].id = 5; }},
      {"category 2 is not one of 2", [](Trace& t) { node_of(t, NodeKind::alloc).num_arguments = 2; }},
      {"storage s2 was allocated differently", [](Trace& t) { node_of(t, NodeKind::free).value = 127; }},
      {"storage s2 was allocated differently", [](Trace& t) { node_of(t, NodeKind::free).stream = 0; }},
      {"event e4 is not recorded yet", [](Trace& t) { node_of(t, NodeKind::wait_event).id = 4; }},
      {"events must be numbered in order", [](Trace& t) { node_of(t, NodeKind::record_event).id = 1; }},
      {"a batch within a batch",
       [](Trace& t) {
         insert(t, first(t, NodeKind::end_batch), {NodeKind::begin_batch, kP2p});
       }},
      {"no batch is open on this stream", [](Trace& t) { node_of(t, NodeKind::end_batch).stream = 0; }},
      {"only transfers may be issued",
       [](Trace& t) {
         insert(t, first(t, NodeKind::end_batch), {NodeKind::host_sync, kP2p});
       }},
      {"runs on another stream", [](Trace& t) { node_of(t, NodeKind::recv).stream = 0; }},
      {"a batch is not closed", [](Trace& t) { t.nodes.resize(first(t, NodeKind::end_batch)); }},
      {"a scope is not closed", [](Trace& t) { t.nodes.pop_back(); }},
      {"no scope is open", [](Trace& t) { t.nodes.push_back({NodeKind::end_scope}); }},
      {"name 2 is not one of 2", [](Trace& t) { node_of(t, NodeKind::begin_scope).id = 2; }},
      {"numbers of storages and events", [](Trace& t) { ++t.num_storages; }},
      {"the pool holds arguments of no node", [](Trace& t) { t.arguments.push_back(reads(0)); }},
  };
  return all;
}

const std::vector<Case>& cases_of_host_memory() {
  static const std::vector<Case> all{
      {"only operations may run on the host", [](Trace& t) { node_of(t, NodeKind::host_sync).stream = kHostStream; }},
      {"only operations may run on the host", [](Trace& t) { node_of(t, NodeKind::op).stream = kPinnedPool; }},
      {"operations of class host, and no others", [](Trace& t) { node_of(t, NodeKind::op).stream = kHostStream; }},
      {"operations of class host, and no others", [](Trace& t) { t.ops[0].op_class = OpClass::host; }},
      {"storage s0 is in host memory", [](Trace& t) { t.nodes[0].stream = kPinnedPool; }},
      {"storage s0 is not in host memory",
       [](Trace& t) {
         t.ops[0].op_class = OpClass::host;
         node_of(t, NodeKind::op).stream = kHostStream;
       }},
  };
  return all;
}

void expect_faults(const std::vector<Case>& cases) {
  for (const Case& damaged : cases) {
    SCOPED_TRACE(damaged.fault);
    Trace trace = small_step();
    ASSERT_EQ(find_fault(trace), std::nullopt);
    damaged.damage(trace);
    EXPECT_NE(find_fault(trace).value_or("nothing").find(damaged.fault), std::string::npos)
        << find_fault(trace).value_or("nothing");
  }
}

TEST(WellFormed, NamesEveryFault) { expect_faults(cases()); }

TEST(WellFormed, NamesWorkInTheWrongMemory) { expect_faults(cases_of_host_memory()); }

TEST(WellFormed, NamesTheNode) {
  Trace trace = small_step();
  const size_t index = first(trace, NodeKind::wait_event);
  trace.nodes[index].id = 4;
  EXPECT_EQ(find_fault(trace), "node " + std::to_string(index) + ": event e4 is not recorded yet");
}

}  // namespace
}  // namespace titan::trace
