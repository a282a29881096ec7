#include "sim/replay/prices.h"

#include <cmath>

#include "runtime/config/check.h"
#include "sim/trace/describe.h"

namespace titan::replay {

namespace {

constexpr double kMaxSeconds = 1e6;

/// `what` gives the words for the message: naming operators with hundreds of shapes takes longer than pricing them.
template <class What>
Picoseconds checked(double price_s, const What& what) {
  if (!(price_s >= 0.0 && price_s <= kMaxSeconds)) [[unlikely]]
    config::check(false, "replay: a price must be between 0 and ", kMaxSeconds, " s: ", what(), ": ", price_s);
  return std::llround(price_s * 1e12);
}

OpPrice op_price(const trace::OpDescriptor& op, const CostModel& cost) {
  const Cost duration = cost.op(op);
  return {checked(cost.issue_s(op), [&] { return "issuing " + trace::describe(op); }),
          checked(duration.seconds, [&] { return trace::describe(op); }), duration.evidence, op.op_class};
}

double slowdown_of(const trace::OpDescriptor& op, const CostModel& cost, int num_communications) {
  const double factor = cost.interference(op, num_communications);
  if (!(factor >= 1.0 && factor <= kMaxSeconds)) [[unlikely]]
    config::check(false, "replay: interference must be at least 1 and finite: ", trace::describe(op), ": ", factor);
  return factor;
}

template <class What>
CommunicationPrice communication_price(const CommunicationCost& cost, const What& what) {
  for (const double load : cost.loads) {
    if (!(load >= 0.0 && load <= 1.0)) [[unlikely]]
      config::check(false, "replay: the load of a port must be between 0 and 1: ", what(), ": ", load);
  }
  return {checked(cost.seconds, what), cost.evidence, cost.loads};
}

/// As one side sees it: the ports of the other direction are not its own.
CommunicationPrice transfer_price(const trace::TransferDescriptor& transfer, const NetworkModel& network, int32_t from,
                                  int32_t to, bool sends) {
  CommunicationCost cost = network.transfer(transfer, from, to);
  for (const Port port : {sends ? Port::link_in : Port::link_out, sends ? Port::network_in : Port::network_out})
    cost.loads[static_cast<size_t>(port)] = 0.0;
  const auto what = [&] { return "transfer from rank " + std::to_string(from) + " to " + std::to_string(to); };
  return communication_price(cost, what);
}

}  // namespace

Prices::Prices(const trace::Trace& trace, const CostModel& cost, const NetworkModel& network, bool interference)
    : communication_issue(checked(cost.communication_issue_s(), [] { return "issuing a communication"; })),
      event_issue(checked(cost.event_s(), [] { return "an event"; })) {
  for (const trace::OpDescriptor& op : trace.ops) {
    ops.push_back(op_price(op, cost));
    for (int n = 0; n <= trace::kMaxStreams; ++n) {
      slowdowns.push_back(interference && n > 0 ? slowdown_of(op, cost, n) : 1.0);
    }
  }
  for (const trace::CollectiveDescriptor& collective : trace.collectives) {
    const trace::Group& group = trace.groups[collective.group];
    const auto what = [&] { return trace::describe(collective, group); };
    collectives.push_back(communication_price(network.collective(collective, group), what));
  }
  for (const trace::TransferDescriptor& transfer : trace.transfers) {
    sends.push_back(transfer_price(transfer, network, trace.rank, transfer.peer, true));
    recvs.push_back(transfer_price(transfer, network, transfer.peer, trace.rank, false));
  }
}

}  // namespace titan::replay
