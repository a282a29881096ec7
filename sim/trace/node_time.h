#pragma once

namespace titan::trace {

/// When one node ran: on its stream, or on the host where it has none. Transfers of a batch each have their own times,
/// end_batch those of the whole.
struct NodeTime {
  double issue_s = 0.0;  // the host is done with it
  double start_s = 0.0;
  double end_s = 0.0;

  bool operator==(const NodeTime&) const = default;
};

}  // namespace titan::trace
