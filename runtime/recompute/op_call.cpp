#include "runtime/recompute/op_call.h"

namespace titan::recompute {
namespace {

bool keeps_inputs(OpKind kind) { return kind != OpKind::reduce_scatter && kind != OpKind::all_to_all; }
bool keeps_outputs(OpKind kind) { return kind == OpKind::attention || kind == OpKind::amax; }

}  // namespace

size_t num_unread(const std::vector<OpKind>& calls) {
  size_t count = 0;
  while (count < calls.size()) {
    const OpKind kind = calls[calls.size() - 1 - count];
    if (keeps_outputs(kind)) break;
    ++count;
    if (keeps_inputs(kind)) break;
  }
  return count;
}

}  // namespace titan::recompute
