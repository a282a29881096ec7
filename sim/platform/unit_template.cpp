#include "sim/platform/unit_template.h"

namespace titan::sim {

using trace::NodeKind;

void UnitTemplate::make_index(size_t num_forward) {
  index = {};
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    switch (nodes[i].kind) {
      case NodeKind::alloc:
        index.allocs.push_back(i);
        index.memory.push_back(i);
        break;
      case NodeKind::free:
        index.frees.push_back(i);
        index.memory.push_back(i);
        break;
      case NodeKind::record_event:
        ++index.num_events;
        [[fallthrough]];
      case NodeKind::wait_event:
      case NodeKind::host_wait:
        index.events.push_back(i);
        break;
      default:
        if (nodes[i].num_arguments > 0) index.with_arguments.push_back(i);
    }
  }
  for (const Use& use : uses) {
    index.arguments.emplace_back(TemplateIndex::slot(use.storage, own.size(), num_forward), use.access);
  }
}

}  // namespace titan::sim
