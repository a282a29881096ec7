#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "sim/replay/replay.h"
#include "tests/sim/trace/small_traces.h"

namespace titan::replay {

using trace::CollectiveKind;
using trace::kCompute;
using trace::kGather;
using trace::kP2p;
using trace::kScatter;
using trace::SmallRecorder;
using trace::Trace;

/// Prices of operations by name.
struct TableCosts {
  std::map<std::string, double> op_s;  // others take 1 s
  double op_issue_s = 0.0, communication_issue = 0.0, event = 0.0;
  std::map<int, double> slowdown;  // by number of communications, else 1
};

/// Prices of communication by the group's name.
struct TableNetwork {
  std::map<std::string, double> group_s;  // others take 1 s
  double transfer_s = 1.0;
  std::map<std::string, PortLoads> loads;  // by the group's name, else none
  PortLoads transfer_loads = {};
};

template <class Key>
double entry_or_1(const std::map<Key, double>& table, const Key& key) {
  const auto found = table.find(key);
  return found == table.end() ? 1.0 : found->second;
}

class TableModel final : public CostModel, public NetworkModel {
 public:
  TableModel(const TableCosts& costs, const TableNetwork& network) : costs_(costs), network_(network) {}

  Cost op(const trace::OpDescriptor& op) const override { return {entry_or_1(costs_.op_s, op.name), Evidence::model}; }
  double issue_s(const trace::OpDescriptor&) const override { return costs_.op_issue_s; }
  double communication_issue_s() const override { return costs_.communication_issue; }
  double event_s() const override { return costs_.event; }
  double interference(const trace::OpDescriptor&, int num_communications) const override {
    return entry_or_1(costs_.slowdown, num_communications);
  }
  CommunicationCost collective(const trace::CollectiveDescriptor&, const trace::Group& group) const override {
    const auto loads = network_.loads.find(group.name);
    return {entry_or_1(network_.group_s, group.name), Evidence::measured,
            loads == network_.loads.end() ? PortLoads{} : loads->second};
  }
  CommunicationCost transfer(const trace::TransferDescriptor&, int32_t, int32_t) const override {
    return {network_.transfer_s, Evidence::roofline, network_.transfer_loads};
  }

 private:
  const TableCosts& costs_;
  const TableNetwork& network_;
};

inline std::vector<RoleTimes> replay(const World& world, const TableCosts& costs, const TableNetwork& network,
                                     const ReplayOptions& options = {}) {
  const TableModel model(costs, network);
  return replay(world, model, model, options);
}

/// Replays traces of ranks 0, 1, ... that are a role each, timelines kept.
inline std::vector<RoleTimes> replay_ranks(const std::vector<Trace>& traces, const TableCosts& costs,
                                           const TableNetwork& network = {}, bool interference = true) {
  World world;
  for (const Trace& trace : traces) {
    world.role_of_rank.push_back(static_cast<uint32_t>(world.roles.size()));
    world.roles.push_back(&trace);
  }
  return replay(world, costs, network, {.interference = interference, .keep_timeline = true});
}

/// When the nodes that are device work or waits of the host started and ended, in issue order: "1-4 4-5".
inline std::string work_times(const Trace& trace, const RoleTimes& times) {
  std::string text;
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    using enum trace::NodeKind;
    const trace::NodeKind kind = trace.nodes[i].kind;
    if (kind != op && kind != collective && kind != send && kind != recv && kind != host_sync && kind != host_wait)
      continue;
    char span[80];
    std::snprintf(span, sizeof span, "%s%.12g-%.12g", text.empty() ? "" : " ", times.timeline[i].start_s,
                  times.timeline[i].end_s);
    text += span;
  }
  return text;
}

}  // namespace titan::replay
