#include "sim/replay/extent.h"

namespace titan::replay {

using trace::NodeKind;

Extent::Extent(const trace::Trace& trace) {
  size_t depth = 0, step = 0;
  bool in_batch = false;
  size_t num_in_batch = 0;
  const auto add_communication = [&](uint8_t stream, bool is_work) {
    ++queued[stream];
    ++num_communications;
    work_of_step[step] += is_work;
  };
  for (size_t i = 0; i < trace.nodes.size(); ++i) {
    const trace::Node& node = trace.nodes[i];
    switch (node.kind) {
      case NodeKind::op:
        ++queued[node.stream];
        ++work_of_step[step];
        break;
      case NodeKind::send:
      case NodeKind::recv:
        ++num_transfers;
        if (in_batch)
          ++num_in_batch;
        else
          add_communication(node.stream, true);
        break;
      case NodeKind::collective:
        ++num_transfers;
        add_communication(node.stream, true);
        break;
      case NodeKind::begin_batch:
        in_batch = true;
        num_in_batch = 0;
        break;
      case NodeKind::end_batch:
        in_batch = false;
        add_communication(node.stream, num_in_batch > 0);
        break;
      case NodeKind::record_event:
      case NodeKind::wait_event:
        ++queued[node.stream];
        break;
      case NodeKind::begin_scope:
        if (depth++ > 0) break;
        step = work_of_step.size();
        work_of_step.push_back(0);
        step_bounds.push_back(i);
        break;
      case NodeKind::end_scope:
        if (--depth > 0) break;
        step = 0;
        step_bounds.push_back(i);
        break;
      case NodeKind::alloc:
      case NodeKind::free:
      case NodeKind::host_sync:
      case NodeKind::host_wait:
        break;
    }
  }
}

}  // namespace titan::replay
