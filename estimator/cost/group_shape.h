#pragma once

#include <cstdint>
#include <vector>

namespace titan::cost {

/// How the ranks of a group lie on nodes.
struct GroupShape {
  int64_t num_ranks = 1;
  int64_t num_nodes = 1;
  int64_t ranks_per_node = 1;  // the fewest on any node

  bool operator==(const GroupShape&) const = default;
};

/// Places global ranks on nodes of `gpus_per_node`, filled in order.
GroupShape group_shape(const std::vector<int32_t>& ranks, int64_t gpus_per_node);

}  // namespace titan::cost
