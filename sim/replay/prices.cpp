#include "sim/replay/prices.h"

#include <cmath>

#include "runtime/config/check.h"
#include "sim/trace/describe.h"

namespace titan::replay {

namespace {

constexpr double kMaxSeconds = 1e6;

Picoseconds checked(double price_s, const std::string& what) {
  if (!(price_s >= 0.0 && price_s <= kMaxSeconds)) [[unlikely]]
    config::check(false, "replay: a price must be between 0 and ", kMaxSeconds, " s: ", what, ": ", price_s);
  return std::llround(price_s * 1e12);
}

OpPrice op_price(const trace::OpDescriptor& op, const CostModel& cost) {
  const Cost duration = cost.op(op);
  const std::string what = trace::describe(op);
  return {checked(cost.issue_s(op), "issuing " + what), checked(duration.seconds, what), duration.evidence,
          op.op_class};
}

CommunicationPrice transfer_price(const trace::TransferDescriptor& transfer, const NetworkModel& network, int32_t from,
                                  int32_t to) {
  const Cost cost = network.transfer(transfer, from, to);
  return {checked(cost.seconds, "transfer from rank " + std::to_string(from) + " to " + std::to_string(to)),
          cost.evidence};
}

}  // namespace

Prices::Prices(const trace::Trace& trace, const CostModel& cost, const NetworkModel& network, bool interference)
    : communication_issue(checked(cost.communication_issue_s(), "issuing a communication")),
      event_issue(checked(cost.event_s(), "an event")) {
  for (const trace::OpDescriptor& op : trace.ops) {
    ops.push_back(op_price(op, cost));
    for (int n = 0; n <= trace::kMaxStreams; ++n) {
      const double factor = interference && n > 0 ? cost.interference(op, n) : 1.0;
      config::check(factor >= 1.0 && factor <= kMaxSeconds,
                    "replay: interference must be at least 1 and finite: ", trace::describe(op), ": ", factor);
      slowdowns.push_back(factor);
    }
  }
  for (const trace::CollectiveDescriptor& collective : trace.collectives) {
    const trace::Group& group = trace.groups[collective.group];
    const Cost found = network.collective(collective, group);
    collectives.push_back({checked(found.seconds, trace::describe(collective, group)), found.evidence});
  }
  for (const trace::TransferDescriptor& transfer : trace.transfers) {
    sends.push_back(transfer_price(transfer, network, trace.rank, transfer.peer));
    recvs.push_back(transfer_price(transfer, network, transfer.peer, trace.rank));
  }
}

}  // namespace titan::replay
