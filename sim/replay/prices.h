#pragma once

#include <vector>

#include "sim/replay/cost_model.h"
#include "sim/replay/time.h"
#include "sim/trace/trace.h"

namespace titan::replay {

struct OpPrice {
  Picoseconds issue = 0;
  Picoseconds duration = 0;  // alone on the device
  Evidence evidence = Evidence::roofline;
  trace::OpClass op_class = trace::OpClass::memory;
};

struct CommunicationPrice {
  Picoseconds duration = 0;  // alone
  Evidence evidence = Evidence::roofline;
  PortLoads loads = {};
};

/// What every descriptor of one trace costs: asked once, looked up by number.
struct Prices {
  /// Throws config::ContractError naming what has a price that cannot be.
  Prices(const trace::Trace& trace, const CostModel& cost, const NetworkModel& network, bool interference);

  double slowdown(uint32_t op, int num_communications) const {
    return slowdowns[op * (trace::kMaxStreams + 1) + static_cast<size_t>(num_communications)];
  }

  std::vector<OpPrice> ops;
  std::vector<double> slowdowns;  // per op and number of streams that communicate
  std::vector<CommunicationPrice> collectives;
  std::vector<CommunicationPrice> sends, recvs;  // per transfer descriptor
  Picoseconds communication_issue = 0;
  Picoseconds event_issue = 0;
};

}  // namespace titan::replay
